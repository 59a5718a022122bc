//! The dashboard in a real browser: what is seen, what a click does, and that it fits a phone.

use std::net::SocketAddr;
use std::time::Duration;

use larder::{Larder, ttl_cached};
use tokio::net::TcpListener;

use super::browser::Browser;
use super::mounted;
use crate::figures::{page, tool_of};
use crate::server::RedisServer;
use crate::support::{Source, connected};

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
    assert!(rows.contains("it::figures::tool_of"), "{rows}");
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
        let cut = "[...document.querySelectorAll('td, tbody th, dd')].filter(cell => { const box = cell.getBoundingClientRect(); \
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

#[ttl_cached(entity = "prompts", ttl = "8s", jitter = 0.8)]
async fn prompts(team: u64) -> u64 {
    team
}

#[ttl_cached(entity = "gateways", ttl = "2s", stale_while_revalidate = "10s")]
async fn gateway(id: u64) -> u64 {
    id
}

/// Slow, so that callers meet.
#[ttl_cached(entity = "reports", ttl = "1s")]
async fn report(id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(30)).await;
    id
}

/// A minute's life: calls that come and go, and ends now and then.
async fn live(here: &Larder, there: &Larder, source: &Source, rounds: u64) {
    for round in 0..rounds {
        let busy = 20 + (round % 60).abs_diff(30);
        for call in 0..busy {
            let id = (round * 7 + call * call) % 97;
            here.scope(tool_of(source, &format!("{id}@x"))).await;
            there.scope(prompts(id)).await;
            here.scope(prompts(id)).await;
            here.scope(gateway(id % 9)).await;
        }
        let reports = || here.scope(report(round % 3));
        tokio::join!(reports(), reports(), reports(), reports(), reports());
        match round % 90 {
            0 => drop(here.invalidate("tools").await),
            30 => drop(there.invalidate("prompts").await),
            60 => drop(here.invalidate("mail:7@x").await),
            75 => drop(here.scope(async { larder::forget(report(1)).await }).await),
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(80)).await;
    }
}

/// Run by hand, and looked at: `cargo test --test it the_picture_of_the_readme -- --ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes docs/dashboard.png, in a minute and a half"]
async fn the_picture_of_the_readme() {
    let (server, source) = (RedisServer::start(), Source::of(1));
    let build = async || {
        let builder = Larder::builder().ignore_environment().redis(server.url()).namespace("registry");
        let larder = builder.build().await.unwrap();
        connected(&larder).await;
        larder
    };
    let (here, there) = (build().await, build().await);
    let _leases = (
        here.leader_gate("scheduler").ttl(Duration::from_secs(300)).acquire().await.unwrap(),
        there.leader_gate("nightly").ttl(Duration::from_secs(600)).acquire().await.unwrap(),
    );
    let address = serve(here.clone()).await;
    let mut browser = Browser::start();
    browser.device(1160, 1240, 1.0, "light");
    browser.open(&format!("http://{address}/larder"));
    let _ = here.scope(page(&source)).await;
    live(&here, &there, &source, 220).await;
    here.invalidate("tools").await.unwrap();
    browser.until("document.querySelector('#recent tbody').innerText.startsWith('tools')");
    let light = browser.picture();
    browser.device(1160, 1240, 1.0, "dark");
    let dark = browser.picture();
    // One half each.
    browser.open("about:blank");
    browser.value(&format!(
        "document.body.style.margin = 0; document.body.innerHTML = ['{light}', '{dark}'].map((picture, dark) => \
         `<img src='data:image/png;base64,${{picture}}' style='position: absolute; ${{dark ? 'clip-path: polygon(58% 0, 100% 0, \
         100% 100%, 42% 100%)' : ''}}'>`).join('')"
    ));
    browser.until("[...document.images].every(image => image.complete)");
    let both = browser.picture();
    let bytes = browser.value(&format!("Array.from(atob('{both}'), byte => byte.charCodeAt(0))"));
    let bytes: Vec<u8> = bytes.as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap() as u8).collect();
    assert!(bytes.len() < 200_000, "{} bytes", bytes.len());
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    std::fs::create_dir_all(docs).unwrap();
    std::fs::write(format!("{docs}/dashboard.png"), bytes).unwrap();
}
