import Detection
import Kafka
import Synchronization

/// What the threads of one run tell each other.
///
/// The hot paths touch it once a batch at most.
final class RunBoard: Sendable {
    private let stopping = Atomic<Bool>(false)
    private let intakeDone = Atomic<Bool>(false)
    private let feedDone = Atomic<Bool>(true)
    private let readCount = Atomic<Int>(0)
    private let failed = Mutex<RunFailure?>(nil)
    private let lastMoment = Mutex<ContinuousClock.Instant?>(nil)
    private let newPolicy = Mutex<Policy?>(nil)
    private let intake = Mutex(IntakeBalance())
    private let detector = Mutex(DetectorReport())
    private let activity = Mutex("waiting for Kafka")
    private let intakeNames = Mutex<[TopicPartition]>([])
    private let waits = Mutex<[String: Waiting]>([:])
    private let refusal = Mutex<String?>(nil)

    /// Whether the run shall end: it was asked to, or a thread has failed.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// How long a thread may still wait for Kafka when the run is asked to end.
    private static let lastWait = Duration.seconds(2)

    /// Ends the run.
    func stop() {
        lastMoment.withLock { if $0 == nil { $0 = .now + Self.lastWait } }
        stopping.store(true, ordering: .relaxed)
    }

    /// Until when may be waited for Kafka, where a run that goes on would wait until `deadline`.
    func limit(_ deadline: ContinuousClock.Instant) -> ContinuousClock.Instant {
        lastMoment.withLock { $0.map { min($0, deadline) } ?? deadline }
    }

    /// Whether the time for ending in order is over.
    var isOverdue: Bool { lastMoment.withLock { $0.map { $0 <= .now } ?? false } }

    /// Ends the run because of a failure; the first one counts.
    func fail(_ error: any Error) {
        let failure = error as? RunFailure ?? RunFailure("\(error)")
        failed.withLock { if $0 == nil { $0 = failure } }
        stop()
    }

    /// Why the run failed, if it did.
    var failure: RunFailure? { failed.withLock { $0 } }

    /// Hands another policy to the detector; the last one counts.
    func offer(_ policy: Policy) { newPolicy.withLock { $0 = policy } }

    /// The policy that was offered since the last call, if any.
    func takePolicy() -> Policy? {
        newPolicy.withLock { policy in
            defer { policy = nil }
            return policy
        }
    }

    /// Whether everything that was in the input has been handed on (`--until-end`).
    var isIntakeDone: Bool {
        get { intakeDone.load(ordering: .acquiring) }
        set { intakeDone.store(newValue, ordering: .releasing) }
    }

    /// Whether nothing more is fed into the input.
    var isFeedDone: Bool {
        get { feedDone.load(ordering: .acquiring) }
        set { feedDone.store(newValue, ordering: .releasing) }
    }

    /// Messages of the input that were read, for whoever feeds it.
    var messagesRead: Int {
        get { readCount.load(ordering: .relaxed) }
        set { readCount.store(newValue, ordering: .relaxed) }
    }

    /// What the intake has accounted for.
    var intakeBalance: IntakeBalance {
        get { intake.withLock { $0 } }
        set { intake.withLock { $0 = newValue } }
    }

    /// What the detector is busy with, in words.
    var detectorActivity: String {
        get { activity.withLock { $0 } }
        set { activity.withLock { $0 = newValue } }
    }

    /// The partitions of the input that this worker has.
    var intakePartitions: [TopicPartition] {
        get { intakeNames.withLock { $0 } }
        set { intakeNames.withLock { $0 = newValue } }
    }

    /// What a stage (`intake`, `detector`) waits for at the moment; nil when it does not wait.
    func waiting(of role: String) -> Waiting? { waits.withLock { $0[role] } }

    /// Notes what a stage waits for; nil when it gets on.
    ///
    /// It has waited since it last got on, whatever it has waited for meanwhile.
    func note(_ role: String, waitsFor cause: String?) {
        waits.withLock { waits in
            guard let cause else {
                waits[role] = nil
                return
            }
            waits[role] = Waiting(cause: cause, since: waits[role]?.since ?? .now)
        }
    }

    /// What a stage is busy with, as in "detector is …".
    func activity(of role: String) -> String {
        if role == "detector" { return detectorActivity }
        return waiting(of: role) == nil ? "reading" : "waiting for Kafka"
    }

    /// Whether this worker has a partition.
    func owns(_ partition: TopicPartition, _ role: String) -> Bool {
        role == "detector"
            ? detectorReport.partitions.contains(Int(partition.partition))
            : intakePartitions.contains(partition)
    }

    /// The partitions that take no writes, and why, while a stage waits for such; nil when none are known.
    var refusedWrites: String? {
        get { refusal.withLock { $0 } }
        set { refusal.withLock { $0 = newValue } }
    }

    /// An error's line, with the partitions that take no writes when it may come from them.
    func explaining(_ error: KafkaError) -> String {
        guard [.messageTimedOut, .timedOut].contains(error.code), let refused = refusedWrites else {
            return "\(error)"
        }
        return "\(error): \(refused)"
    }

    /// What the detector has accounted for.
    var detectorReport: DetectorReport {
        get { detector.withLock { $0 } }
        set { detector.withLock { $0 = newValue } }
    }
}

/// Why a run ended before its time: one line that says what, where, and what to do.
public struct RunFailure: Error, Sendable, CustomStringConvertible {
    /// What and where.
    let fact: String
    /// What to do.
    let advice: String?
    /// Kafka's error, where that is the reason.
    let cause: KafkaError?

    /// The line.
    public var description: String { advice.map { "\(fact); \($0)" } ?? fact }

    /// A failure with its line.
    public init(_ description: String) { self.init(description, advice: nil, cause: nil) }

    /// The topics that do not exist any more, where that is the reason.
    let gone: [String]

    init(_ fact: String, advice: String?, cause: KafkaError?, gone: [String] = []) {
        (self.fact, self.advice, self.cause, self.gone) = (fact, advice, cause, gone)
    }
}

/// What became of the records that the intake has read; counted when their positions are committed.
public struct IntakeBalance: Sendable, Hashable {
    /// Records read; a message that holds none is one.
    public var read = 0
    /// Records that are no watched call.
    public var ignored = 0
    /// Records handed on to the detector.
    public var forwarded = 0
    /// Records that could not be read.
    public var deadLettered = 0

    /// Nothing read.
    public init() {}

    static func += (balance: inout IntakeBalance, more: IntakeBalance) {
        balance.read += more.read
        balance.ignored += more.ignored
        balance.forwarded += more.forwarded
        balance.deadLettered += more.deadLettered
    }
}

/// What became of the records that the detector has read; kept with the state, counted at commit.
public struct DetectorBalance: Sendable, Hashable {
    /// Records read.
    public var read = 0
    /// Records that are no watched call: only where the detector reads the input itself.
    public var ignored = 0
    /// Records whose facts are in the state; each counts once, however often its offset is read.
    ///
    /// A copy in another message is a `duplicate` as long as the record, or any fact that it told, is known. It counts
    /// as applied again when all those facts are forgotten; and after a restart also when it tells other facts than the
    /// record, or when another call of the same second stands for both.
    public var applied = 0
    /// Records that told nothing new, or were read before.
    public var duplicate = 0
    /// Records that could not be read.
    public var deadLettered = 0

    /// Nothing read.
    public init() {}

    static func += (balance: inout DetectorBalance, more: DetectorBalance) {
        balance.read += more.read
        balance.ignored += more.ignored
        balance.applied += more.applied
        balance.duplicate += more.duplicate
        balance.deadLettered += more.deadLettered
    }
}

/// What the detector has done.
public struct DetectorReport: Sendable, Hashable {
    /// This run's part.
    public var run = DetectorBalance()
    /// Everything since the state began, of the partitions that this worker has.
    public var total = DetectorBalance()
    /// Alerts published in this run.
    public var alerts = 0
    /// Transactions committed.
    public var transactions = 0
    /// Transactions aborted, and read again.
    public var aborted = 0
    /// How often the state was read back from the changelog.
    public var restores = 0
    /// Entries read back.
    public var restoredEntries = 0
    /// Committed offsets that the log does not hold any more: records were lost.
    public var offsetsOutOfRange = 0
    /// Numbers of the account partitions that this worker has, sorted.
    public var partitions: [Int] = []

    /// Nothing done.
    public init() {}
}
