import CloudTrail
package import Configuration
import Kafka

/// Puts what could not be read into the input again, once each, with a note of it on the dead-letter topic in the same
/// transaction.
package final class Redriver {
    /// What became of the letters that were chosen.
    package struct Summary: Sendable {
        /// Put into the input, or what would be: one message for all letters with the same bytes.
        package var messages: [(letter: StoredLetter, topic: String)] = []
        /// Letters whose bytes were put in before.
        package var before = 0
        /// Letters that cannot be put in, each with the reason.
        package var refused: [(letter: StoredLetter, why: String)] = []
    }

    private let configuration: RunConfiguration
    private let clients: KafkaClients
    private let log: RunLog
    private let inputs: [TopicDescription]

    /// Letters in one transaction.
    private static let lettersAtOnce = 1000

    /// Looks at the topics.
    ///
    /// - Throws: `RunFailure`.
    package init(_ configuration: RunConfiguration, log: RunLog) throws {
        (self.configuration, self.log) = (configuration, log)
        let clients = try KafkaClients(configuration)
        self.clients = clients
        inputs = try Self.advice(clients).completing {
            let admin = try clients.openAdmin(log)
            return try configuration.input.topics.filter { !$0.hasPrefix("^") }.map { name in
                guard let topic = try admin.find(name) else { throw RunFailure("missing topic \(name)") }
                return topic
            }
        }
    }

    private static func advice(_ clients: KafkaClients) -> FailureAdvice {
        FailureAdvice(clients, .redrive(clients.configuration))
    }

    /// Puts letters into the input; with `again` also those whose bytes were put in before.
    ///
    /// Nothing is written when it is only `tried`.
    /// - Throws: `RunFailure`; the line says how many were put in.
    package func redrive(
        _ letters: [StoredLetter],
        again: Bool,
        tried: Bool
    ) throws -> Summary {
        try Self.advice(clients).completing {
            var (summary, seen): (Summary, Set<String>) = (Summary(), [])
            var work: [(letter: StoredLetter, message: Outgoing)] = []
            for letter in letters where seen.insert(letter.sha256).inserted {
                guard again || letter.state == .waiting else {
                    summary.before += 1
                    continue
                }
                do throws(Refusal) {
                    let message = try outgoing(letter)
                    work.append((letter, message))
                    summary.messages.append((letter, message.topic))
                } catch { summary.refused.append((letter, error.why)) }
            }
            if !tried, !work.isEmpty { try write(work) }
            return summary
        }
    }

    private struct Outgoing {
        let topic: String
        let partition: Int32?
        let key: [UInt8]?
        let value: [UInt8]
    }

    private struct Refusal: Error { let why: String }

    /// The message that a letter becomes: what it holds, or the message that it came from, read once more.
    private func outgoing(_ letter: StoredLetter) throws(Refusal) -> Outgoing {
        let source = letter.source
        let own = source.flatMap { source in inputs.first { $0.name == source.topic } }
        guard let topic = own ?? inputs.first else {
            throw Refusal(
                why: "input.topics has patterns only, so that nobody knows which topic to put it into"
            )
        }
        // Where it was before: of an input that is keyed by account its partition says where the state lies.
        let partition = own == nil ? nil : source?.partition
        let key = letter.sourceKey ?? letter.account.map { Array($0.utf8) }
        if let bytes = letter.bytes {
            return Outgoing(topic: topic.name, partition: partition, key: key, value: bytes)
        }
        let what = letter.count > 1 ? "it stands for \(letter.count) things" : "it holds only the beginning"
        guard let source else {
            throw Refusal(why: "\(what): replay \(letter.origin) again")
        }
        guard let original = read(source) else {
            throw Refusal(
                why: "\(what), and the message that it came from, \(letter.origin), cannot be read any more"
            )
        }
        return Outgoing(topic: topic.name, partition: partition, key: original.key, value: original.value)
    }

    /// A message that is still where it was; nil when it is not, or cannot be read.
    private func read(_ name: MessageName) -> (key: [UInt8]?, value: [UInt8])? {
        guard let consumer = try? Consumer(clients.reader(), log: log.kafkaSink("reader", isQuiet: true))
        else {
            return nil
        }
        let place = PartitionOffset(name.topic, name.partition, name.offset)
        guard (try? consumer.assign([place])) != nil else { return nil }
        let deadline = ContinuousClock.now + .seconds(10)
        var found: (key: [UInt8]?, value: [UInt8])?
        var isOver = false
        while found == nil, !isOver, ContinuousClock.now < deadline {
            consumer.poll(maxMessages: 1, timeout: .milliseconds(100)) { batch in
                for message in batch.messages {
                    isOver = true
                    guard message.offset == name.offset, let value = message.payload else { continue }
                    found = (message.key.map { Array($0) }, Array(value))
                }
                isOver = isOver || !batch.ends.isEmpty || batch.failures.contains { !$0.error.isRetriable }
            }
        }
        return found
    }

    private func write(_ work: [(letter: StoredLetter, message: Outgoing)]) throws {
        let configuration = clients.transactional(id: "\(configuration.groupID)-redrive").merging([
            "linger.ms": "20", "transaction.timeout.ms": "60000",
        ])
        let producer = try Producer(configuration, log: log.kafkaSink("redrive producer"))
        let notes = try producer.topic(self.configuration.topics.deadLetters)
        var topics: [String: ProducerTopic] = [:]
        for topic in inputs { topics[topic.name] = try producer.topic(topic.name) }
        try producer.initTransactions(timeout: .seconds(30))
        var done = 0
        while done < work.count {
            let part = work[done...].prefix(Self.lettersAtOnce)
            do {
                try producer.beginTransaction()
                let now = EventTime.text(milliseconds: HostClock.milliseconds)
                for (letter, message) in part {
                    guard let topic = topics[message.topic] else { continue }
                    try producer.produce(
                        to: topic,
                        partition: message.partition,
                        key: message.key,
                        value: message.value
                    )
                    try producer.produce(
                        to: notes,
                        key: Array(letter.sha256.utf8),
                        value: RedriveNote.line(letter, into: message.topic, at: now),
                        headers: [
                            Header("schema", RedriveNote.schema), Header("content-type", "application/json"),
                            Header("reason", letter.reason),
                        ]
                    )
                }
                try producer.commitTransaction(timeout: .seconds(60))
            } catch {
                let failure = producer.takeDeliveryFailures().first ?? error
                try? producer.abortTransaction(timeout: .seconds(10))
                let told = RunFailure(failure)
                throw RunFailure(
                    "\(told.fact); \(done) of \(work.count) were put into the input",
                    advice: told.advice ?? "run it again: it goes on where it stopped",
                    cause: told.cause
                )
            }
            done += part.count
        }
    }
}
