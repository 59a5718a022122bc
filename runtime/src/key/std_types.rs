//! `CacheKey` for the types of the standard library.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{OsStr, OsString};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, NonZeroUsize,
};
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{CacheKey, KeyWriter, tag};

macro_rules! fixed {
    ($($type:ty, $nonzero:ty, $tag:ident;)*) => {$(
        impl CacheKey for $type {
            #[inline]
            fn encode_key(&self, out: &mut KeyWriter) {
                out.fixed(tag::$tag, self.to_le_bytes());
            }
        }

        impl CacheKey for $nonzero {
            #[inline]
            fn encode_key(&self, out: &mut KeyWriter) {
                self.get().encode_key(out);
            }
        }
    )*};
}

fixed! {
    u8, NonZeroU8, U8;
    u16, NonZeroU16, U16;
    u32, NonZeroU32, U32;
    u64, NonZeroU64, U64;
    u128, NonZeroU128, U128;
    i8, NonZeroI8, I8;
    i16, NonZeroI16, I16;
    i32, NonZeroI32, I32;
    i64, NonZeroI64, I64;
    i128, NonZeroI128, I128;
}

impl CacheKey for usize {
    #[inline]
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::USIZE, (*self as u64).to_le_bytes());
    }
}

impl CacheKey for isize {
    #[inline]
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::ISIZE, (*self as i64).to_le_bytes());
    }
}

impl CacheKey for NonZeroUsize {
    fn encode_key(&self, out: &mut KeyWriter) {
        self.get().encode_key(out);
    }
}

impl CacheKey for NonZeroIsize {
    fn encode_key(&self, out: &mut KeyWriter) {
        self.get().encode_key(out);
    }
}

impl CacheKey for f32 {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::F32, self.to_bits().to_le_bytes());
    }
}

impl CacheKey for f64 {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::F64, self.to_bits().to_le_bytes());
    }
}

impl CacheKey for bool {
    #[inline]
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::BOOL, [u8::from(*self)]);
    }
}

impl CacheKey for char {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::CHAR, u32::from(*self).to_le_bytes());
    }
}

impl CacheKey for str {
    #[inline]
    fn encode_key(&self, out: &mut KeyWriter) {
        out.bytes(tag::STR, self.as_bytes());
    }
}

impl CacheKey for String {
    #[inline]
    fn encode_key(&self, out: &mut KeyWriter) {
        self.as_str().encode_key(out);
    }
}

impl CacheKey for OsStr {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.bytes(tag::PATH, self.as_encoded_bytes());
    }
}

impl CacheKey for OsString {
    fn encode_key(&self, out: &mut KeyWriter) {
        self.as_os_str().encode_key(out);
    }
}

impl CacheKey for Path {
    fn encode_key(&self, out: &mut KeyWriter) {
        self.as_os_str().encode_key(out);
    }
}

impl CacheKey for PathBuf {
    fn encode_key(&self, out: &mut KeyWriter) {
        self.as_os_str().encode_key(out);
    }
}

impl CacheKey for () {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.mark(tag::UNIT);
    }
}

impl<T: ?Sized> CacheKey for PhantomData<T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.mark(tag::UNIT);
    }
}

impl CacheKey for std::cmp::Ordering {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::ORDERING, (*self as i8).to_le_bytes());
    }
}

impl CacheKey for Duration {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::DURATION, self.as_nanos().to_le_bytes());
    }
}

impl CacheKey for SystemTime {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.mark(tag::TIME);
        self.duration_since(UNIX_EPOCH).map_err(|before| before.duration()).encode_key(out);
    }
}

impl CacheKey for Ipv4Addr {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.bytes(tag::IP, &self.octets());
    }
}

impl CacheKey for Ipv6Addr {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.bytes(tag::IP, &self.octets());
    }
}

impl CacheKey for IpAddr {
    fn encode_key(&self, out: &mut KeyWriter) {
        match self {
            Self::V4(address) => address.encode_key(out),
            Self::V6(address) => address.encode_key(out),
        }
    }
}

impl CacheKey for SocketAddrV4 {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.mark(tag::SOCKET);
        (self.ip(), self.port()).encode_key(out);
    }
}

impl CacheKey for SocketAddrV6 {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.mark(tag::SOCKET);
        (self.ip(), self.port(), self.flowinfo(), self.scope_id()).encode_key(out);
    }
}

impl CacheKey for SocketAddr {
    fn encode_key(&self, out: &mut KeyWriter) {
        match self {
            Self::V4(address) => address.encode_key(out),
            Self::V6(address) => address.encode_key(out),
        }
    }
}

impl<T: CacheKey> CacheKey for Range<T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::RANGE, [0]);
        (&self.start, &self.end).encode_key(out);
    }
}

impl<T: CacheKey> CacheKey for RangeInclusive<T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.fixed(tag::RANGE, [1]);
        (self.start(), self.end()).encode_key(out);
    }
}

impl<T: CacheKey> CacheKey for Option<T> {
    #[inline]
    fn encode_key(&self, out: &mut KeyWriter) {
        match self {
            None => out.mark(tag::NONE),
            Some(value) => {
                out.mark(tag::SOME);
                value.encode_key(out);
            }
        }
    }
}

impl<T: CacheKey, E: CacheKey> CacheKey for Result<T, E> {
    fn encode_key(&self, out: &mut KeyWriter) {
        match self {
            Ok(value) => {
                out.mark(tag::OK);
                value.encode_key(out);
            }
            Err(error) => {
                out.mark(tag::ERR);
                error.encode_key(out);
            }
        }
    }
}

macro_rules! pointer {
    ($($type:ty),*) => {$(
        impl<T: CacheKey + ?Sized> CacheKey for $type {
            #[inline]
            fn encode_key(&self, out: &mut KeyWriter) {
                (**self).encode_key(out);
            }
        }
    )*};
}

pointer!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: CacheKey + ToOwned + ?Sized> CacheKey for Cow<'_, T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        (**self).encode_key(out);
    }
}

impl<T: CacheKey> CacheKey for [T] {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.length(tag::SEQ, self.len());
        for item in self {
            item.encode_key(out);
        }
    }
}

impl<T: CacheKey, const N: usize> CacheKey for [T; N] {
    fn encode_key(&self, out: &mut KeyWriter) {
        self.as_slice().encode_key(out);
    }
}

impl<T: CacheKey> CacheKey for Vec<T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        self.as_slice().encode_key(out);
    }
}

macro_rules! sequence {
    ($($type:ident),*) => {$(
        impl<T: CacheKey> CacheKey for $type<T> {
            fn encode_key(&self, out: &mut KeyWriter) {
                out.length(tag::SEQ, self.len());
                for item in self {
                    item.encode_key(out);
                }
            }
        }
    )*};
}

sequence!(VecDeque, LinkedList);

impl<T: CacheKey, S> CacheKey for HashSet<T, S> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.unordered(tag::SET, self.iter().map(KeyWriter::of));
    }
}

impl<T: CacheKey> CacheKey for BTreeSet<T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.unordered(tag::SET, self.iter().map(KeyWriter::of));
    }
}

impl<T: CacheKey> CacheKey for BinaryHeap<T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.unordered(tag::SET, self.iter().map(KeyWriter::of));
    }
}

impl<K: CacheKey, V: CacheKey, S> CacheKey for HashMap<K, V, S> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.unordered(tag::MAP, self.iter().map(|pair| KeyWriter::of(&pair)));
    }
}

impl<K: CacheKey, V: CacheKey> CacheKey for BTreeMap<K, V> {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.unordered(tag::MAP, self.iter().map(|pair| KeyWriter::of(&pair)));
    }
}

macro_rules! tuple {
    ($count:literal: $($name:ident)*) => {
        impl<$($name: CacheKey),*> CacheKey for ($($name,)*) {
            #[inline]
            fn encode_key(&self, out: &mut KeyWriter) {
                out.fixed(tag::TUPLE, [$count]);
                #[allow(non_snake_case, reason = "the type parameters name the elements")]
                let ($($name,)*) = self;
                $($name.encode_key(out);)*
            }
        }
    };
}

tuple!(1: A);
tuple!(2: A B);
tuple!(3: A B C);
tuple!(4: A B C D);
tuple!(5: A B C D E);
tuple!(6: A B C D E F);
tuple!(7: A B C D E F G);
tuple!(8: A B C D E F G H);
tuple!(9: A B C D E F G H I);
tuple!(10: A B C D E F G H I J);
tuple!(11: A B C D E F G H I J K);
tuple!(12: A B C D E F G H I J K L);
