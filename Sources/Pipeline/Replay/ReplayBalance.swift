package import CloudTrail

/// Where every record went: read = ignored + applied + duplicate + dead-lettered.
package struct ReplayBalance: Hashable, Sendable {
    /// Records that the files held.
    package internal(set) var read = 0
    /// Records of calls that are not watched, and those after `--until`.
    package internal(set) var ignored = 0
    /// Records whose facts are in the state.
    package internal(set) var applied = 0
    /// Records that were there already.
    package internal(set) var duplicate = 0
    /// What could not be read, by reason.
    package internal(set) var lost: [DeadLetter.Reason: Int] = [:]

    package init() {}

    package var deadLettered: Int { lost.values.reduce(0, +) }

    /// Whether nothing vanished.
    package var isBalanced: Bool { read == ignored + applied + duplicate + deadLettered }
}
