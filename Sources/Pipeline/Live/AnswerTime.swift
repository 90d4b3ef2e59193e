import Kafka

/// How long a question to the brokers may hold up what else there is to do.
///
/// An answer that comes later is lost. So brokers that are far away, or overloaded, get as long as they need, up to two
/// seconds.
final class AnswerTime {
    /// What the last question took, with room.
    private var usual = Duration.zero

    /// The time for the next question; `least` where brokers answer as quickly as they should.
    func limit(atLeast least: Duration) -> Duration { max(least, min(usual, .seconds(2))) }

    /// Asks, and learns from it how long an answer takes.
    func measure<R>(_ question: () throws(KafkaError) -> R) throws(KafkaError) -> R {
        let begun = ContinuousClock.now
        defer { usual = begun.duration(to: .now) * 2 }
        return try question()
    }
}
