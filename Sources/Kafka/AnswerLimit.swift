/// How long one question waits for its answer, before it is put again.
///
/// An answer that comes later is lost, so a broker that is always slower would never be heard: the limit grows.
struct AnswerLimit {
    private var limit: Duration

    init(_ first: Duration) { limit = first }

    /// What librdkafka waits for the next answer: 1 and more.
    func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        max(1, min(limit, deadline - .now).milliseconds)
    }

    mutating func grow() { limit *= 2 }
}
