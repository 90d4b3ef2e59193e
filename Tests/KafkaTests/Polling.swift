import Kafka
import KafkaTestSupport
import Testing

/// Polls until `body` says that it has seen enough; fails after 30 s.
func pollUntil(
    _ consumer: Consumer,
    maxMessages: Int = 1000,
    _ body: (borrowing Batch) throws -> Bool
) throws {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
        if try consumer.poll(maxMessages: maxMessages, timeout: .milliseconds(50), body) { return }
    }
    throw NothingCame()
}

/// What `body` says about the first message that comes.
func firstMessage<R>(_ consumer: Consumer, maxMessages: Int = 1000, _ body: (Message) -> R) throws -> R {
    var result: R?
    try pollUntil(consumer, maxMessages: maxMessages) { batch in
        result = batch.messages.first.map(body)
        return result != nil
    }
    return try #require(result)
}

struct NothingCame: Error {}
