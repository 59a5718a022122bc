// #[ttl_cached(entity = "tools")]
// fn list<'life0, 'async_trait>(
//     &'life0 self,
//     page: u32,
// ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Vec<Tool>> + ::core::marker::Send + 'async_trait>>
// where
//     'life0: 'async_trait,
//     Self: 'async_trait,
// {
//     Box::pin(async move {
//         let __self = self;
//         let page = page;
//         let __ret: Vec<Tool> = { __self.fetch(page).await };
//         __ret
//     })
// }

fn list<'life0, 'async_trait>(
    &'life0 self,
    page: u32,
) -> ::core::pin::Pin<
    Box<
        dyn ::core::future::Future<
            Output = Vec<Tool>,
        > + ::core::marker::Send + 'async_trait,
    >,
>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    Box::pin(async move {
        let page = page;
        let mut __larder = match ::larder::__private::look(
            {
                static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                    .named("list", "tools", 6556251926715945423u64);
                __LARDER.place(|| {})
            },
            ::larder::__private::SharedKey::empty()
                .part(&page)
                .revision(::larder::__private::LeftOut::new(&self).revision()),
            ::larder::__private::Return::<Vec<Tool>>::NEW.shape(),
        ) {
            ::larder::__private::Look::Hit(__larder) => return __larder,
            ::larder::__private::Look::Miss(__larder) => __larder,
        };
        let __larder_body = ::larder::__private::pin!(
            async move { let 0 = 0 else { return ::larder::__private::never:: < Vec <
            Tool > > () }; { let __self = self; let __ret : Vec < Tool > = { __self
            .fetch(page). await }; __ret } }
        );
        ::larder::__private::Running(&mut __larder, __larder_body).await
    })
}
