import Foundation
import Glibc
package import Kafka
import Synchronization

/// Records at a steady pace, each of which violates one rule once, and when each one's alert could be read.
///
/// Every record shares another image with a foreign account, so that each opens one finding of its own; or so many images
/// are shared and taken back in turn, so that each record opens or resolves one. One thread produces and reads, with
/// clients of its own; the reader is at `read_committed`. Usable from any thread.
package final class AlertFlow: Sendable {
    /// The rule that records violate.
    package static let rule = "ami-shared-with-untrusted-account"

    /// Whose records these are, in turn.
    package static let accounts = (10..<26).map { "1000000000\($0)" }

    /// What records are dated.
    package struct EventTime: Sendable {
        private let begun = time(nil)
        private let pace: Int
        private let seconds: Int

        /// The present time.
        package static let present = EventTime(pace: 1, for: 0)

        /// Begins in the past and runs so many times as fast as the present, which it reaches after some seconds.
        package init(pace: Int, for seconds: Int) { (self.pace, self.seconds) = (pace, seconds) }

        fileprivate var now: time_t {
            let now = time(nil)
            return now - (pace - 1) * max(0, seconds - (now - begun))
        }
    }

    /// What became of one record.
    package struct Passage: Sendable {
        /// When it was handed to the producer.
        package let produced: ContinuousClock.Instant
        /// When each alert was read that opens, or resolves, its finding: one, if all is well.
        public fileprivate(set) var opened: [ContinuousClock.Instant] = []

        /// From the record to its first alert; nil while there is none.
        package var delay: Duration? { opened.first.map { $0 - produced } }
    }

    private struct State {
        var passages: [Passage] = []
        var alertIDs: Set<String> = []
        var repeatedAlerts = 0
        var failure: (any Error)?
        var isProducing = true
        var isOver = false
    }

    private let state = Mutex(State())
    private let images: Int?
    private let eventTime: EventTime
    private let ended = DispatchSemaphore(value: 0)

    /// Begins at once.
    ///
    /// - Parameters:
    ///   - servers: the cluster.
    ///   - input: the topic that gets the records, spread over its partitions.
    ///   - partitions: how many it has.
    ///   - alerts: the topic that is read, from its beginning.
    ///   - pause: the time from one record to the next.
    ///   - images: how many are shared and taken back in turn, each by its own user; nil shares another one each time.
    ///   - eventTime: what the records are dated.
    package init(
        at servers: String,
        input: String,
        partitions: Int32,
        alerts: TopicDescription,
        every pause: Duration,
        images: Int? = nil,
        eventTime: EventTime = .present
    ) {
        self.images = images
        self.eventTime = eventTime
        let thread = Thread { [self] in
            do {
                var ends = try Ends(servers, input, alerts)
                try run(&ends, partitions, pause)
            } catch { state.withLock { $0.failure = error } }
            ended.signal()
        }
        thread.start()
    }

    /// The records so far, in order.
    package var passages: [Passage] { state.withLock { $0.passages } }

    /// How many alerts came with an id that had come before.
    package var repeatedAlerts: Int { state.withLock { $0.repeatedAlerts } }

    /// Why the flow has ended by itself, if it has.
    package var failure: (any Error)? { state.withLock { $0.failure } }

    /// The longest time that a record of these has waited for its alert, or still waits.
    package func longestDelay(of records: Range<Int>? = nil) -> Duration {
        let passages = passages
        return passages[records ?? passages.indices]
            .map { $0.delay ?? (.now - $0.produced) }.max() ?? .zero
    }

    /// Whether each of the first so many records has its alert.
    package func isComplete(_ count: Int) -> Bool {
        state.withLock { state in
            state.passages.count >= count && !state.passages[..<count].contains { $0.opened.isEmpty }
        }
    }

    /// How long each of the next so many records waits for its alert, the shortest first; they are waited for.
    ///
    /// - Throws: what ended the flow, or that the alerts have not come.
    package func delays(ofNext count: Int) throws -> [Duration] {
        let first = passages.count
        let isComplete = becomes { self.isComplete(first + count) || failure != nil }
        if let failure { throw failure }
        guard isComplete else { throw Incomplete() }
        return passages[first..<(first + count)].compactMap(\.delay).sorted()
    }

    /// Not every record's alert has come in time.
    package struct Incomplete: Error {}

    /// Produces no more; alerts are still read.
    package func stopProducing() { state.withLock { $0.isProducing = false } }

    /// Ends the thread.
    package func end() {
        state.withLock { $0.isOver = true }
        ended.wait()
        ended.signal()
    }

    deinit { state.withLock { $0.isOver = true } }

    // MARK: On the thread

    /// The clients of the thread.
    private struct Ends {
        let producer: Producer
        let topic: ProducerTopic
        let consumer: Consumer
        /// The next message of each partition of the alerts.
        var next: [TopicPartition: Int64]

        init(_ servers: String, _ input: String, _ alerts: TopicDescription) throws {
            // Quick to notice that a leader has moved: what is measured is the program between the two.
            let quick: KafkaConfiguration = [
                "bootstrap.servers": servers, "topic.metadata.refresh.interval.ms": "1000",
                "reconnect.backoff.max.ms": "500", "socket.timeout.ms": "5000",
            ]
            // Not idempotent: librdkafka 2.0.2 miscounts when a request is lost whose messages had arrived, and gives up.
            // What is sent again may come twice, which must not matter.
            producer = try Producer(
                quick.merging(["linger.ms": "0", "enable.idempotence": "false", "acks": "all"])
            )
            topic = try producer.topic(input)
            consumer = try Consumer(
                quick.merging(["group.id": uniqueName("reader"), "fetch.wait.max.ms": "10"])
            )
            let partitions = alerts.partitions.map { TopicPartition(alerts.name, $0.id) }
            next = Dictionary(uniqueKeysWithValues: partitions.map { ($0, 0) })
            try consumer.assign(partitions.map { PartitionOffset($0, .at(0)) })
        }
    }

    private func run(_ ends: inout Ends, _ partitions: Int32, _ pause: Duration) throws {
        var next = ContinuousClock.now
        while !state.withLock({ $0.isOver }) {
            let now = ContinuousClock.now
            if now >= next, state.withLock({ $0.isProducing }) {
                next = max(next + pause, now)
                try produce(ends, partitions)
            }
            ends.producer.poll()
            let wait = max(.milliseconds(1), min(.milliseconds(20), next - .now))
            let failures = ends.consumer.poll(maxMessages: 100, timeout: wait) { batch in
                for message in batch.messages {
                    let name = ends.consumer.name(of: message.topic)
                    ends.next[TopicPartition(name, message.partition)] = message.offset + 1
                    take(message)
                }
                return batch.failures
            }
            for failure in failures where !failure.error.isRetriable { try readOn(ends, after: failure) }
        }
    }

    /// A broker that comes back believes for a moment that it leads still, and calls a place out of range that its own
    /// log has not come to.
    private func readOn(_ ends: Ends, after failure: ConsumerFailure) throws {
        guard failure.error.code == .autoOffsetReset, let partition = failure.partition,
            let place = ends.next[partition]
        else { throw failure.error }
        ends.consumer.refreshMetadata()
        let low = try ends.consumer.watermarks(partition, timeout: patience).low
        // What is not there any more is lost to the reader.
        guard place >= low else { throw failure.error }
        usleep(100_000)
        try ends.consumer.removeAssignment([partition])
        try ends.consumer.addAssignment([PartitionOffset(partition, .at(place))])
    }

    private func produce(_ ends: Ends, _ partitions: Int32) throws {
        let number = state.withLock { state in
            state.passages.append(Passage(produced: .now))
            return state.passages.count - 1
        }
        try ends.producer.produce(
            to: ends.topic,
            // What is done to one image comes in its order.
            partition: Int32(image(of: number)) % partitions,
            key: nil,
            value: Array(record(number).utf8)
        )
    }

    private func take(_ message: Message) {
        let now = ContinuousClock.now
        let headers = Dictionary(
            message.headers.map { ($0.name, $0.value.map { String(decoding: $0, as: UTF8.self) }) }
        ) { $1 }
        guard headers["rule_id"] == Self.rule, let payload = message.payload else { return }
        let text = String(decoding: payload, as: UTF8.self)
        let id = text.firstMatch(of: /"alert_id":"([0-9a-f]+)"/)?.output.1 ?? ""
        let event = text.firstMatch(of: /"event":{"id":"00000000-0000-4000-8000-([0-9]{12})"/)
        let number = event.flatMap { Int($0.output.1) }
        state.withLock { state in
            if !state.alertIDs.insert(String(id)).inserted { state.repeatedAlerts += 1 }
            guard ["open", "resolved"].contains(headers["status"]), let number,
                state.passages.indices.contains(number)
            else {
                return
            }
            state.passages[number].opened.append(now)
        }
    }

    private func image(of number: Int) -> Int { images.map { number % $0 } ?? number }

    /// A record; its id has the number.
    private func record(_ number: Int) -> String {
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let image = image(of: number)
        let change = images.map { number / $0 % 2 == 1 } ?? false ? "remove" : "add"
        let account = Self.accounts[image % Self.accounts.count]
        var now = eventTime.now
        var parts = tm()
        gmtime_r(&now, &parts)
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map {
            digits($0, 2)
        }
        let hours = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }
        let time = date.joined(separator: "-") + "T" + hours.joined(separator: ":") + "Z"
        return """
            {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::\(account):user/u\(image)",\
            "accountId":"\(account)"},"eventTime":"\(time)","eventSource":"ec2.amazonaws.com",\
            "eventName":"ModifyImageAttribute","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.7",\
            "userAgent":"aws-cli","requestParameters":{"imageId":"ami-\(digits(image, 17))",\
            "attributeType":"launchPermission","launchPermission":{"\(change)":{"items":[{"userId":"999988887777"}]}}},\
            "responseElements":{"_return":true},"eventID":"00000000-0000-4000-8000-\(digits(number, 12))",\
            "eventType":"AwsApiCall","recipientAccountId":"\(account)"}
            """
    }
}
