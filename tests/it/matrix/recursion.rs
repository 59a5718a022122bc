//! Functions that call themselves, and each other.

use larder::{hexsha_cached, invalidates, leader, ttl_cached};

use crate::matrix::cells::ran;
use crate::support::{Config, memory};

#[ttl_cached(entity = "recursion")]
fn fibonacci(n: u64) -> u64 {
    ran();
    if n < 2 {
        return n;
    }
    fibonacci(n - 1) + fibonacci(n - 2)
}

#[ttl_cached(entity = "recursion")]
async fn fibonacci_async(n: u64) -> Result<u64, String> {
    ran();
    if n < 2 {
        return Ok(n);
    }
    Ok(Box::pin(fibonacci_async(n - 1)).await? + Box::pin(fibonacci_async(n - 2)).await?)
}

#[ttl_cached(entity = "recursion")]
fn is_even(n: u32) -> bool {
    ran();
    n == 0 || is_odd(n - 1)
}

#[ttl_cached(entity = "recursion")]
fn is_odd(n: u32) -> bool {
    ran();
    n != 0 && is_even(n - 1)
}

#[ttl_cached(entity = "recursion")]
async fn depth<T: larder::CacheKey + Send + Sync>(left: Option<T>, n: u32) -> u32 {
    ran();
    drop(left);
    if n == 0 { 0 } else { Box::pin(depth(None::<T>, n - 1)).await + 1 }
}

#[hexsha_cached]
fn power(config: &Config, n: u32) -> usize {
    ran();
    if n == 0 { 1 } else { power(config, n - 1) * config.0.len() }
}

#[hexsha_cached]
async fn power_async(config: &Config, n: u32) -> usize {
    ran();
    if n == 0 { 1 } else { Box::pin(power_async(config, n - 1)).await * config.0.len() }
}

#[invalidates("level:{n}")]
fn ends(n: u32) -> u32 {
    ran();
    if n == 0 { 0 } else { ends(n - 1) + 1 }
}

#[invalidates("level:{n}")]
async fn ends_async(n: u32) -> u32 {
    ran();
    if n == 0 { 0 } else { Box::pin(ends_async(n - 1)).await + 1 }
}

#[leader("sync:{n}", ttl = "1m", grace = "1m")]
fn leads(n: u32) -> Option<u32> {
    ran();
    if n == 0 { Some(0) } else { Some(leads(n - 1)? + 1) }
}

/// Itself the holder of the only lease, it finds it taken.
#[leader("recursion", ttl = "1m")]
async fn leads_once(n: u32) -> Option<u32> {
    ran();
    Some(n + Box::pin(leads_once(n + 1)).await.unwrap_or_default())
}

#[ttl_cached(entity = "recursion")]
async fn is_even_async(n: u32) -> bool {
    ran();
    n == 0 || Box::pin(is_odd_async(n - 1)).await
}

#[ttl_cached(entity = "recursion")]
async fn is_odd_async(n: u32) -> bool {
    ran();
    n != 0 && Box::pin(is_even_async(n - 1)).await
}

#[leader("async:{n}", ttl = "1m", grace = "1m")]
async fn leads_async(n: u32) -> Option<u32> {
    ran();
    if n == 0 { Some(0) } else { Some(Box::pin(leads_async(n - 1)).await? + 1) }
}

#[hexsha_cached]
fn is_even_here(config: &Config, n: u32) -> bool {
    ran();
    n == 0 || is_odd_here(config, n - 1)
}

#[hexsha_cached]
fn is_odd_here(config: &Config, n: u32) -> bool {
    ran();
    n != 0 && is_even_here(config, n - 1)
}

#[hexsha_cached]
async fn is_even_here_async(config: &Config, n: u32) -> bool {
    ran();
    n == 0 || Box::pin(is_odd_here_async(config, n - 1)).await
}

#[hexsha_cached]
async fn is_odd_here_async(config: &Config, n: u32) -> bool {
    ran();
    n != 0 && Box::pin(is_even_here_async(config, n - 1)).await
}

#[invalidates("level:{n}")]
fn ends_even(n: u32) -> u32 {
    ran();
    if n == 0 { 0 } else { ends_odd(n - 1) + 1 }
}

#[invalidates("level:{n}")]
fn ends_odd(n: u32) -> u32 {
    ran();
    ends_even(n - 1) + 1
}

#[invalidates("level:{n}")]
async fn ends_even_async(n: u32) -> u32 {
    ran();
    if n == 0 { 0 } else { Box::pin(ends_odd_async(n - 1)).await + 1 }
}

#[invalidates("level:{n}")]
async fn ends_odd_async(n: u32) -> u32 {
    ran();
    Box::pin(ends_even_async(n - 1)).await + 1
}

#[leader("even:{n}", ttl = "1m", grace = "1m")]
fn leads_even(n: u32) -> Option<u32> {
    ran();
    if n == 0 { Some(0) } else { Some(leads_odd(n - 1)? + 1) }
}

#[leader("odd:{n}", ttl = "1m", grace = "1m")]
fn leads_odd(n: u32) -> Option<u32> {
    ran();
    Some(leads_even(n - 1)? + 1)
}

#[leader("async even:{n}", ttl = "1m", grace = "1m")]
async fn leads_even_async(n: u32) -> Option<u32> {
    ran();
    if n == 0 { Some(0) } else { Some(Box::pin(leads_odd_async(n - 1)).await? + 1) }
}

#[leader("async odd:{n}", ttl = "1m", grace = "1m")]
async fn leads_odd_async(n: u32) -> Option<u32> {
    ran();
    Some(Box::pin(leads_even_async(n - 1)).await? + 1)
}

#[leader("recursion, sync", ttl = "1m")]
fn leads_once_sync(n: u32) -> Option<u32> {
    ran();
    Some(n + leads_once_sync(n + 1).unwrap_or_default())
}

struct Tree(Vec<Tree>);

impl Tree {
    fn of(size: u32) -> Self {
        Self((0..size).map(Self::of).collect())
    }

    #[ttl_cached(entity = "trees", key(self.0.len()))]
    fn size(&self) -> usize {
        ran();
        1 + self.0.iter().map(Self::size).sum::<usize>()
    }

    #[ttl_cached(entity = "trees", key(self.0.len()))]
    async fn size_async(&self) -> usize {
        ran();
        let mut size = 1;
        for child in &self.0 {
            size += Box::pin(child.size_async()).await;
        }
        size
    }
}

#[tokio::test]
async fn each_step_runs_once() {
    let cells = async {
        counted!("ttl_cached, sync", 51, fibonacci(50) => 12_586_269_025);
        counted!("ttl_cached, sync, a step of it", 0, fibonacci(49) => 7_778_742_049);
        counted!("ttl_cached, sync, one more", 1, fibonacci(51) => 20_365_011_074);
        counted!("ttl_cached, async", 51, fibonacci_async(50).await => Ok(12_586_269_025));
        counted!("ttl_cached, async, a step of it", 0, fibonacci_async(49).await => Ok(7_778_742_049));
        counted!("two functions", 11, is_even(10) => true);
        counted!("two functions, a step of it", 0, is_odd(9) => true);
        counted!("two functions, one more", 1, is_odd(11) => true);
        counted!("generic", 4, depth(Some(1), 3).await => 3);
        counted!("generic, a step of it", 0, depth(None::<i32>, 2).await => 2);
        counted!("generic, of another type", 3, depth(None::<u8>, 2).await => 2);
        counted!("two functions, async", 11, is_even_async(10).await => true);
        counted!("two functions, async, a step of it", 0, is_odd_async(9).await => true);
        counted!("hexsha_cached, sync", 11, power(&Config("ab"), 10) => 1024);
        counted!("hexsha_cached, sync, a step of it", 0, power(&Config("ab"), 9) => 512);
        counted!("hexsha_cached, sync, another revision", 10, power(&Config("a"), 9) => 1);
        counted!("hexsha_cached, async", 11, power_async(&Config("ab"), 10).await => 1024);
        counted!("hexsha_cached, async, a step of it", 0, power_async(&Config("ab"), 9).await => 512);
        counted!("hexsha_cached, two functions", 11, is_even_here(&Config("a"), 10) => true);
        counted!("hexsha_cached, two functions, a step of it", 0, is_odd_here(&Config("a"), 9) => true);
        counted!("hexsha_cached, two functions, another revision", 10, is_odd_here(&Config("b"), 9) => true);
        counted!("hexsha_cached, two functions, async", 11, is_even_here_async(&Config("a"), 10).await => true);
        counted!("hexsha_cached, two functions, async, a step of it", 0, is_odd_here_async(&Config("a"), 9).await => true);
        counted!("a method", 5, Tree::of(4).size() => 16);
        counted!("a method, a step of it", 0, Tree::of(3).size() => 8);
        counted!("an async method", 5, Tree::of(4).size_async().await => 16);
        counted!("an async method, a step of it", 0, Tree::of(3).size_async().await => 8);
        counted!("leader, sync, a lease a step", 3, leads(2) => Some(2));
        counted!("leader, sync, following", 0, leads(1) => None);
        counted!("leader, async, a lease a step", 3, leads_async(2).await => Some(2));
        counted!("leader, async, following", 0, leads_async(1).await => None);
        counted!("leader, two functions", 3, leads_even(2) => Some(2));
        counted!("leader, two functions, following", 0, leads_odd(1) => None);
        counted!("leader, two functions, async", 3, leads_even_async(2).await => Some(2));
        counted!("leader, two functions, async, following", 0, leads_odd_async(1).await => None);
        counted!("leader, sync, one lease", 1, leads_once_sync(7) => Some(7));
        counted!("leader, sync, released", 1, leads_once_sync(8) => Some(8));
        counted!("leader, async, one lease", 1, leads_once(7).await => Some(7));
        counted!("leader, async, released", 1, leads_once(8).await => Some(8));
    };
    memory().await.scope(Box::pin(cells)).await;
}

#[tokio::test]
async fn each_step_ends_its_name() {
    use crate::matrix::cells::shown;
    let cells = async {
        for round in 0..4 {
            for name in ["level:0", "level:2", "level:3"] {
                shown(name).await;
            }
            match round {
                0 => counted!("invalidates, sync", 3, ends(2) => 2),
                1 => counted!("invalidates, async", 3, ends_async(2).await => 2),
                2 => counted!("invalidates, two functions", 3, ends_even(2) => 2),
                _ => counted!("invalidates, two functions, async", 3, ends_even_async(2).await => 2),
            }
            counted!("the innermost", 1, shown("level:0").await => 7);
            counted!("the outermost", 1, shown("level:2").await => 7);
            counted!("none beyond", 0, shown("level:3").await => 7);
        }
    };
    memory().await.scope(cells).await;
}
