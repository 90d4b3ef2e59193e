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
