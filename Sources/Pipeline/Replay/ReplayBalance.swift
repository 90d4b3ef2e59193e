public import CloudTrail

/// Where every record went: read = ignored + applied + duplicate + dead-lettered.
public struct ReplayBalance: Hashable, Sendable {
    /// Records that the files held.
    public internal(set) var read = 0
    /// Records of calls that are not watched, and those after `--until`.
    public internal(set) var ignored = 0
    /// Records whose facts are in the state.
    public internal(set) var applied = 0
    /// Records that were there already.
    public internal(set) var duplicate = 0
    /// What could not be read, by reason.
    public internal(set) var lost: [DeadLetter.Reason: Int] = [:]

    /// Nothing read yet.
    public init() {}

    /// What could not be read.
    public var deadLettered: Int { lost.values.reduce(0, +) }

    /// Whether nothing vanished.
    public var isBalanced: Bool { read == ignored + applied + duplicate + deadLettered }
}
