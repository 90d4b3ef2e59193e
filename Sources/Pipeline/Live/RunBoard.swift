import Detection
import Kafka
import Synchronization

/// What the threads of one run tell each other.
///
/// The hot paths touch it once a batch at most.
@dynamicMemberLookup
final class RunBoard: Sendable {
    /// What is on the board, by name: any thread may read it, and one writes each, so that `+=` loses nothing.
    struct Notes: Sendable {
        /// Whether everything that was in the input has been handed on (`--until-end`).
        var isIntakeDone = false
        /// Whether nothing more is fed into the input.
        var isFeedDone = true
        /// Messages of the input that were read, for whoever feeds it.
        var messagesRead = 0
        /// What the intake has accounted for.
        var intakeBalance = IntakeBalance()
        /// The partitions of the input that this worker has.
        var intakePartitions: [TopicPartition] = []
        /// What the detector has accounted for.
        var detectorReport = DetectorReport()
        /// What the detector is busy with, in words.
        var detectorActivity = "waiting for Kafka"
        /// How far each group is, whoever has its partitions.
        var groups: [GroupLook] = []
        /// The partitions that take no writes, and why, while a stage waits for such; nil when none are known.
        var refusedWrites: String?
        /// What the intake counts beside its balance.
        var intakeMetrics = IntakeMetrics()
        /// What the detector counts beside its balances.
        var detectorMetrics = DetectorMetrics()
        /// Whether the detector has the state of everything that it owns.
        var isRestored = false
        /// Whether a stage's group has given it its part, which may be nothing.
        var isAssigned: [String: Bool] = [:]
        /// When a stage's loop last began a turn.
        var lastTurn: [String: ContinuousClock.Instant] = [:]
        /// librdkafka's newest statistics of each client, as JSON.
        var kafkaStatistics: [String: [UInt8]] = [:]
        /// When all brokers that this worker's partitions are on last answered; nil before they did.
        var lastAnswer: ContinuousClock.Instant?
        /// What the last question to them ended with, if it failed.
        var unanswered: String?

        /// Policies that were not valid.
        var policiesRefused = 0

        fileprivate var failure: RunFailure?
        fileprivate var newPolicy: Policy?
        fileprivate var waits: [String: Waiting] = [:]
        /// When the time for ending in order is over; nil before the run is asked to end.
        fileprivate var lastMoment: ContinuousClock.Instant?
    }

    /// What the detector is asked, and the alerts that it has committed; nil when nobody looks on.
    let inquiries: InquiryDesk?
    let alertFeed: AlertFeed?

    private let notes = Mutex(Notes())
    private let stopping = Atomic<Bool>(false)

    /// How long a thread may still wait for Kafka when the run is asked to end.
    private static let lastWait = Duration.seconds(2)

    init(isLookedAt: Bool = false) {
        inquiries = isLookedAt ? InquiryDesk() : nil
        alertFeed = isLookedAt ? AlertFeed() : nil
    }

    subscript<Value: Sendable>(dynamicMember note: WritableKeyPath<Notes, Value>) -> Value {
        get { notes.withLock { $0[keyPath: note] } }
        set { notes.withLock { $0[keyPath: note] = newValue } }
    }

    // MARK: The end

    /// Whether the run shall end: it was asked to, or a thread has failed.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    func stop() {
        notes.withLock { $0.lastMoment = $0.lastMoment ?? .now + Self.lastWait }
        stopping.store(true, ordering: .relaxed)
    }

    /// Until when may be waited for Kafka, where a run that goes on would wait until `deadline`.
    func limit(_ deadline: ContinuousClock.Instant) -> ContinuousClock.Instant {
        notes.withLock { min($0.lastMoment ?? deadline, deadline) }
    }

    /// Whether the time for ending in order is over.
    var isOverdue: Bool { notes.withLock { $0.lastMoment.map { $0 <= .now } ?? false } }

    /// Ends the run because of a failure; the first one counts.
    func fail(_ error: any Error) {
        let failure = RunFailure(error)
        notes.withLock { $0.failure = $0.failure ?? failure }
        stop()
    }

    /// Why the run failed, if it did.
    var failure: RunFailure? { notes.withLock { $0.failure } }

    // MARK: The policy

    /// Hands another policy to the detector; the last one counts.
    func offer(_ policy: Policy) { notes.withLock { $0.newPolicy = policy } }

    /// The policy that was offered since the last call, if any.
    func takePolicy() -> Policy? {
        notes.withLock { notes in
            defer { notes.newPolicy = nil }
            return notes.newPolicy
        }
    }

    /// How policies fared that came while this run went on.
    var policyReloads: PolicyReloads {
        notes.withLock { notes in
            var reloads = notes.detectorReport.policyReloads
            reloads.refused = notes.policiesRefused
            return reloads
        }
    }

    // MARK: The stages

    /// What a stage (`intake`, `detector`) waits for at the moment; nil when it does not wait.
    func waiting(of role: String) -> Waiting? { notes.withLock { $0.waits[role] } }

    /// Notes what a stage waits for; nil when it gets on.
    ///
    /// It has waited since it last got on, whatever it has waited for meanwhile.
    func note(_ role: String, waitsFor cause: String?) {
        notes.withLock { notes in
            notes.waits[role] = cause.map { Waiting(cause: $0, since: notes.waits[role]?.since ?? .now) }
        }
    }

    /// What a stage is busy with, as in "detector is …".
    func activity(of role: String) -> String {
        if role == "detector" { return self.detectorActivity }
        return waiting(of: role) == nil ? "reading" : "waiting for Kafka"
    }

    /// A stage's loop begins a turn.
    func noteTurn(of stage: String) { notes.withLock { $0.lastTurn[stage] = .now } }

    /// Whether a stage's group has given it its part.
    func noteAssigned(_ stage: String, _ isAssigned: Bool) {
        notes.withLock { notes in
            notes.isAssigned[stage] = isAssigned
            if stage == "detector" { notes.isRestored = false }
        }
    }

    /// librdkafka's newest statistics of a client, when there are any.
    func noteStatistics(of client: String, _ json: [UInt8]?) {
        guard let json else { return }
        notes.withLock { $0.kafkaStatistics[client] = json }
    }

    func owns(_ partition: TopicPartition, _ role: String) -> Bool {
        role == "detector"
            ? self.detectorReport.partitions.contains(Int(partition.partition))
            : self.intakePartitions.contains(partition)
    }

    /// An error's line, with the partitions that take no writes when it may come from them.
    func explaining(_ error: KafkaError) -> String {
        guard [.messageTimedOut, .timedOut].contains(error.code), let refused = self.refusedWrites else {
            return "\(error)"
        }
        return "\(error): \(refused)"
    }
}

/// What a stage of the run waits for, and since when.
struct Waiting: Sendable {
    /// The last thing that failed, with topic, partition and error, or what is not there yet.
    var cause: String
    /// When it began to wait; it may have waited for other things before this one.
    let since: ContinuousClock.Instant

    /// What a log line says of it.
    var fields: RunLog.Fields {
        ["waiting_for": .text(cause), "waiting_seconds": .number(since.seconds)]
    }
}
