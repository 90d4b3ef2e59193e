/// What a stage of the run waits for, and since when.
struct Waiting: Sendable {
    /// The last thing that failed, with topic, partition and error, or what is not there yet.
    var cause: String
    /// When it began to wait; it may have waited for other things before this one.
    let since: ContinuousClock.Instant
}
