//! The dashboard in a real browser: what is seen, what a click does, and that it fits a phone.

use std::net::SocketAddr;

use larder::{Larder, ttl_cached};
use tokio::net::TcpListener;

use super::browser::Browser;
use super::{mounted, page, tool_of};
use crate::support::Source;

/// A name that does not fit beside its figures.
#[ttl_cached(entity = "configurations-of-all-tenants-and-their-hosts")]
async fn the_configuration_of_one_tenant_with_all_that_it_inherits_from_others(id: u64) -> u64 {
    id
}

/// Serves the dashboard of an instance, in which everybody is an operator.
async fn serve(larder: Larder) -> SocketAddr {
    let dashboard = larder::axum::dashboard().of(larder).guard(|_| true);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, mounted(dashboard)).await });
    address
}

/// What fills the page: three entities, a leader, ends.
async fn fill(larder: &Larder, source: &Source) {
    for round in 0..30_u64 {
        larder.scope(tool_of(source, if round < 20 { "a@x" } else { "b@x" })).await;
        larder.scope(the_configuration_of_one_tenant_with_all_that_it_inherits_from_others(round % 3)).await;
    }
    let _ = larder.scope(page(source)).await;
    larder.invalidate("pages").await.unwrap();
    larder.invalidate("mail:a@x").await.unwrap();
}

/// The figure beside a name in the row of all figures.
fn figure(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('#figures dt')].find(dt => dt.textContent === '{name}').nextElementSibling.textContent"
    )
}

const OVERFLOW: &str = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_figures_that_follow_draws_the_chart_and_ends_what_is_clicked() {
    let (larder, source) = (crate::support::memory().await, Source::of(1));
    let _lease = larder.leader_gate("nightly").acquire().await.unwrap().expect("nobody else");
    fill(&larder, &source).await;
    let address = serve(larder.clone()).await;
    let mut browser = Browser::start();
    browser.device(1200, 900, 1.0, "light");
    browser.open(&format!("http://{address}/larder"));
    browser.until("document.querySelector('#state').textContent === 'up'");
    let memory = larder.stats().total().hits_memory.to_string();
    browser.until(&format!("{} === '{memory}'", figure("from memory")));
    let (_, rows) = (browser.text("h1"), browser.text("#functions"));
    assert!(rows.contains("it::dashboard::tool_of"), "{rows}");
    assert!(browser.text("#leaders").contains("nightly"));
    let recent = browser.text("#recent");
    assert!(recent.contains("pages") && recent.contains("a tag") && !recent.contains("a@x"), "{recent}");

    // Calls, and then a look: the figures follow, and the chart has a line.
    assert_eq!(browser.value("document.querySelectorAll('.rate-line').length"), 0);
    let before = source.runs();
    for _ in 0..50 {
        larder.scope(tool_of(&source, "a@x")).await;
    }
    assert_eq!(source.runs(), before + 1, "one tag was ended");
    let memory = larder.stats().total().hits_memory.to_string();
    browser.until(&format!("{} === '{memory}'", figure("from memory")));
    browser.until("document.querySelector('.rate-line').getBBox().width > 0");
    browser.until("document.querySelector('.calls-bar').getBBox().height > 0");
    assert!(browser.value("document.querySelector('#chart').getAttribute('aria-label')").as_str().unwrap().len() > 10);

    // A click on a button, and another on the answer.
    let (runs, button) = (source.runs(), "button[aria-label='End tools']");
    browser.until(&format!("document.querySelector({button:?})"));
    browser.click(button);
    browser.until("document.querySelector('#sure').open");
    assert_eq!(browser.value("document.activeElement.id"), "no", "what ends nothing has the focus");
    browser.click("#no");
    browser.until("!document.querySelector('#sure').open");
    larder.scope(tool_of(&source, "a@x")).await;
    assert_eq!(source.runs(), runs, "what was left is left");
    browser.click(button);
    browser.until("document.querySelector('#sure').open");
    browser.click("#yes");
    browser.until("document.querySelector('#said').textContent === 'Ended everywhere: tools'");
    larder.scope(tool_of(&source, "a@x")).await;
    assert_eq!(source.runs(), runs + 1, "what was ended runs again");
    browser.until("document.querySelector('#recent tbody').innerText.includes('tools')");
    browser.click("#clear");
    browser.until("document.querySelector('#sure').open");
    browser.click("#yes");
    browser.until("document.querySelector('#said').textContent === 'Ended everywhere: everything'");
    larder.scope(tool_of(&source, "a@x")).await;
    assert_eq!(source.runs(), runs + 2);
    let none: &[String] = &[];
    assert_eq!(browser.complaints(), none, "the console of the browser");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fits_a_phone_in_both_colours_and_can_be_used_by_keyboard() {
    let (larder, source) = (crate::support::memory().await, Source::of(1));
    fill(&larder, &source).await;
    let address = serve(larder).await;
    let mut browser = Browser::start();
    browser.device(360, 740, 2.0, "light");
    browser.open(&format!("http://{address}/larder/"));
    browser.until("document.querySelector('#functions tbody th')");
    let colour = "getComputedStyle(document.body).backgroundColor";
    let light = browser.value(colour);
    for (width, colours) in [(360, "light"), (360, "dark"), (320, "dark"), (768, "light"), (1200, "dark")] {
        browser.device(width, 740, 2.0, colours);
        browser.until(&format!("window.innerWidth === {width}"));
        assert_eq!(browser.value(OVERFLOW), 0, "{width} {colours}");
        assert_eq!(browser.value(colour) == light, colours == "light", "{width} {colours}");
        let cut = "[...document.querySelectorAll('td, th, dd')].filter(cell => { const box = cell.getBoundingClientRect(); \
                   return box.width > 1 && box.right > innerWidth + 1; }).length";
        assert_eq!(browser.value(cut), 0, "cells beyond the window at {width}");
    }
    browser.device(360, 740, 2.0, "light");
    browser.until("document.querySelector('button[aria-label=\"End tools\"]')");
    browser.press("Tab", 9);
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.value("document.activeElement.tagName"), "BUTTON");
    assert_eq!(browser.value(outline), "solid", "the focus is seen");
    let unnamed =
        "[...document.querySelectorAll('button')].filter(button => !(button.textContent || button.ariaLabel)).length";
    assert_eq!(browser.value(unnamed), 0);
    let headers = "[...document.querySelectorAll('table')].every(table => [...table.querySelectorAll('th')].every(th => th.scope))";
    assert_eq!(browser.value(headers), true);
    let none: &[String] = &[];
    assert_eq!(browser.complaints(), none, "the console of the browser");
}
