package import Configuration
package import Detection
import Foundation
import Kafka
import TrailArchive

/// One run of the live pipeline: intake, detector, or both, until it is stopped or has read everything.
///
/// Each stage has a thread of its own: the intake never waits for a transaction, and each scales alone when `roles`
/// separates them.
package final class LiveRun: Sendable {
    /// What a run is told beside its configuration.
    package struct Options: Sendable {
        /// Ends when everything that was there has been judged and committed.
        package var endsWhenRead = false
        /// Trail files and folders whose records are put into the input first.
        package var feed: [String] = []
        /// Starts a broker inside this process.
        package var isEmbedded = false
        /// Gets every alert that comes out of the alerts topic, on a thread of its own.
        package var onAlert: (@Sendable ([UInt8]) -> Void)?

        package init() {}
    }

    package struct Summary: Sendable {
        package var intake: IntakeBalance
        package var detector: DetectorReport
    }

    private let configuration: RunConfiguration
    private let policy: Policy
    private let options: Options
    private let board: RunBoard
    private let log: RunLog
    private let watchTimes: RunWatch.Times

    package convenience init(
        _ configuration: RunConfiguration,
        policy: Policy,
        options: Options = Options(),
        log: RunLog
    ) {
        self.init(configuration, policy: policy, options: options, watchTimes: RunWatch.Times(), log: log)
    }

    init(
        _ configuration: RunConfiguration,
        policy: Policy,
        options: Options,
        watchTimes: RunWatch.Times,
        log: RunLog
    ) {
        self.configuration = configuration
        self.policy = policy
        self.options = options
        self.watchTimes = watchTimes
        self.log = log
        board = RunBoard(isLookedAt: configuration.http != nil)
    }

    /// Asks the run to end: what is done is committed, within seconds.
    ///
    /// Any thread may call it, also before ``run()``.
    package func stop() { board.stop() }

    /// Puts another policy in force as if it had always been: everything is judged by it again, in slices, and
    /// what differs from what was published becomes an alert.
    ///
    /// One that would change too many findings is held back. Any thread may call it.
    package func replacePolicy(_ policy: Policy) { board.offer(policy) }

    /// Counts a policy that was not valid.
    package func noteRefusedPolicy() { board.policiesRefused += 1 }

    /// Whether the policy that was offered last is held back.
    package var holdsPolicyBack: Bool { board.detectorReport.heldPolicy != nil }

    /// Runs to the end.
    ///
    /// - Parameter whileRunning: called ten times a second, for signals; on the calling thread.
    /// - Returns: what was done.
    /// - Throws: `RunFailure`: why it could not start, or could not go on.
    package func run(whileRunning: () -> Void = {}) throws -> Summary {
        let feed = try Feed.files(options.feed)
        let broker = options.isEmbedded ? try startBroker() : nil
        defer { broker?.stop() }
        guard let servers = broker?.bootstrapServers ?? configuration.kafka.bootstrapServers else {
            throw RunFailure(
                "kafka.bootstrap_servers is not set: name your brokers, or try --embedded for a broker inside"
            )
        }
        guard configuration.instanceID != nil || !configuration.kafka.hasStaticMembership else {
            throw RunFailure(
                "kafka.static_membership needs instance_id, and it is not set: give each worker a name that it "
                    + "keeps over restarts"
            )
        }
        let clients = KafkaClients(
            configuration: configuration,
            bootstrapServers: servers,
            endsWhenRead: options.endsWhenRead
        )
        let signer = try AlertSigner(configuration)
        let permissions = Permissions.run(
            configuration,
            feeds: !options.feed.isEmpty,
            showsAlerts: options.onAlert != nil
        )
        let advice = FailureAdvice(clients, permissions)
        let layout = try advice.completing {
            try TopicLayout.find(clients, clients.openAdmin(log), isEmbedded: options.isEmbedded, log: log)
        }
        log.info(
            "started",
            [
                "bootstrap_servers": .text(servers), "group_id": .text(configuration.groupID),
                "roles": .texts(configuration.roles.map(\.rawValue).sorted()),
                "input": .texts(configuration.input.topics),
                "account_partitions": .number(layout.accountPartitions), "policy_hash": .text(policy.hash),
                "librdkafka": .text(KafkaLibrary.version),
            ]
        )
        let alerts = try advice.completing {
            try options.onAlert.map { try AlertTail(clients, board: board, log: log, onAlert: $0) }
        }
        let console = configuration.http.map { _ in
            Console(configuration, accountPartitions: layout.accountPartitions, board: board)
        }
        let endpoint = try RunEndpoint(
            configuration,
            board: board,
            responders: console.map { [$0] } ?? [],
            log: log
        )
        let answering = console?.start()
        let pulse = endpoint.map { _ in Pulse.start(clients, layout, board: board, log: log) }
        let watch = RunWatch.start(
            clients,
            layout,
            board: board,
            times: watchTimes,
            isEmbedded: options.isEmbedded,
            log: log
        )
        let threads = startThreads(clients, layout, signer, feed: feed)
        while !threads.allSatisfy({ $0.wait(seconds: 0.1 / Double(threads.count)) }) {
            whileRunning()
            if board.isStopping { break }
        }
        // Each stage ends by itself within seconds; one that hangs in a call is left behind.
        let deadline = Date(timeIntervalSinceNow: 4)
        for thread in threads where !thread.wait(seconds: max(0, deadline.timeIntervalSinceNow)) {
            log.warning(
                "thread did not stop in time; what it had not committed is read again at the next start",
                ["thread": .text(thread.name)]
            )
        }
        for thread in threads where !thread.waitForSilence(seconds: 0.2) {
            log.debug("Kafka clients of a stopped thread do not close", ["thread": .text(thread.name)])
        }
        alerts?.finish(reachesEnd: board.failure == nil)
        board.stop()
        // But not for a broker that does not answer it.
        _ = watch.wait(seconds: 0.5)
        _ = pulse?.wait(seconds: 0.5)
        _ = answering?.wait(seconds: 0.5)
        endpoint?.stop()
        let summary = Summary(intake: board.intakeBalance, detector: board.detectorReport)
        log(summary)
        if let failure = board.failure { throw advice.complete(failure) }
        return summary
    }

    private func startThreads(
        _ clients: KafkaClients,
        _ layout: TopicLayout,
        _ signer: AlertSigner?,
        feed files: [TrailFile]
    ) -> [RunThread] {
        let (configuration, policy, board, log) = (configuration, policy, board, log)
        let endsWhenRead = options.endsWhenRead
        var threads: [RunThread] = []
        if !options.feed.isEmpty {
            board.isFeedDone = false
            let isEmbedded = options.isEmbedded
            threads.append(
                RunThread("feed", board: board) {
                    try Feed(clients, isThrottled: isEmbedded, board: board, log: log).run(files)
                }
            )
        }
        if configuration.hasIntake {
            threads.append(
                RunThread("intake", board: board) {
                    try Intake(
                        configuration,
                        clients,
                        layout: layout,
                        endsWhenRead: endsWhenRead,
                        board: board,
                        log: log
                    )
                } run: {
                    try $0.run()
                }
            )
        }
        if configuration.roles.contains(.detector) {
            threads.append(
                RunThread("detector", board: board) {
                    try Detector(
                        clients,
                        policy: policy,
                        layout: layout,
                        signer: signer,
                        board: board,
                        log: log
                    )
                } run: {
                    try $0.run()
                }
            )
        }
        return threads
    }

    /// Starts the broker inside and makes the topics, on one partition each, for then a feed stays in order.
    private func startBroker() throws -> EmbeddedBroker {
        do throws(KafkaError) {
            let broker = try EmbeddedBroker(log: log.kafkaSink("embedded broker"))
            let topics = configuration.topics
            for name in configuration.input.topics + [
                topics.events, topics.state, topics.catalogue, topics.deadLetters,
            ] + configuration.outputTopics {
                try broker.createTopic(name, partitions: 1)
            }
            return broker
        } catch { throw Trouble.failure(error) }
    }

    private func log(_ summary: Summary) {
        let (intake, report) = (summary.intake, summary.detector)
        if configuration.hasIntake {
            log.info(
                "intake totals",
                [
                    "read": .number(intake.read), "ignored": .number(intake.ignored),
                    "forwarded": .number(intake.forwarded), "dead_lettered": .number(intake.deadLettered),
                ]
            )
        }
        guard configuration.roles.contains(.detector) else { return }
        for (name, balance) in [
            ("detector totals of this run", report.run),
            ("detector totals since the state was created", report.total),
        ] {
            log.info(
                name,
                [
                    "read": .number(balance.read), "ignored": .number(balance.ignored),
                    "applied": .number(balance.applied), "duplicate": .number(balance.duplicate),
                    "dead_lettered": .number(balance.deadLettered),
                ]
            )
        }
        log.info(
            "stopped",
            [
                "alerts": .number(report.alerts), "transactions": .number(report.transactions),
                "aborted": .number(report.aborted), "restores": .number(report.restores),
                "offsets_out_of_range": .number(report.offsetsOutOfRange),
            ]
        )
    }
}
