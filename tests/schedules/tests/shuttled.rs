//! Each meeting of threads in many orders: some thousand here, as many as `LARDER_SCHEDULES` says.

use larder_schedules::{ends, flights};

fn schedules(meeting: fn()) {
    let said = std::env::var("LARDER_SCHEDULES").ok().and_then(|text| text.parse().ok());
    let schedules: usize = said.unwrap_or(10_000);
    // At random, and with few changes of thread at random places: each finds what the other hardly does.
    shuttle::check_random(meeting, schedules / 2);
    shuttle::check_pct(meeting, schedules - schedules / 2, 3);
}

#[test]
fn no_caller_is_given_what_was_ended_before_it_came() {
    schedules(flights::no_caller_is_given_what_was_ended_before_it_came);
}

#[test]
fn whoever_waits_for_one_that_fails_runs_the_body() {
    schedules(flights::whoever_waits_for_one_that_fails_runs_the_body);
}

#[test]
fn bodies_that_call_each_other_do_not_wait_for_ever() {
    schedules(flights::bodies_that_call_each_other_do_not_wait_for_ever);
}

#[test]
fn a_read_never_stands_above_an_announcement() {
    schedules(ends::a_read_never_stands_above_an_announcement);
}

#[test]
fn what_is_known_after_all_ends_is_what_redis_holds() {
    schedules(ends::what_is_known_after_all_ends_is_what_redis_holds);
}

#[test]
fn who_meets_a_name_first_meets_its_one_cell() {
    schedules(ends::who_meets_a_name_first_meets_its_one_cell);
}
