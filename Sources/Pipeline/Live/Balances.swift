/// What became of the records that the intake has read; counted when their positions are committed.
package struct IntakeBalance: Sendable, Hashable {
    /// Records read; a message that holds none is one.
    package var read = 0
    /// Records that are no watched call.
    package var ignored = 0
    /// Records handed on to the detector.
    package var forwarded = 0
    /// Records that could not be read.
    package var deadLettered = 0

    package init() {}

    static func += (balance: inout IntakeBalance, more: IntakeBalance) {
        balance.read += more.read
        balance.ignored += more.ignored
        balance.forwarded += more.forwarded
        balance.deadLettered += more.deadLettered
    }
}

/// What became of the records that the detector has read; kept with the state, counted at commit.
package struct DetectorBalance: Sendable, Hashable {
    package var read = 0
    /// Records that are no watched call: only where the detector reads the input itself.
    package var ignored = 0
    /// Records whose facts are in the state; each counts once, however often its offset is read.
    ///
    /// A copy in another message is a `duplicate` as long as the record, or any fact that it told, is known. It counts
    /// as applied again when all those facts are forgotten; and after a restart also when it tells other facts than the
    /// record, or when another call of the same second stands for both.
    package var applied = 0
    /// Records that told nothing new, or were read before.
    package var duplicate = 0
    /// Records that could not be read.
    package var deadLettered = 0

    package init() {}

    static func += (balance: inout DetectorBalance, more: DetectorBalance) {
        balance.read += more.read
        balance.ignored += more.ignored
        balance.applied += more.applied
        balance.duplicate += more.duplicate
        balance.deadLettered += more.deadLettered
    }
}

package struct DetectorReport: Sendable, Hashable {
    /// This run's part.
    package var run = DetectorBalance()
    /// Everything since the state began, of the partitions that this worker has.
    package var total = DetectorBalance()
    package var alerts = 0
    package var transactions = 0
    /// Transactions aborted, and read again.
    package var aborted = 0
    /// How often the state was read back from the changelog.
    package var restores = 0
    /// Entries of the changelog that were read for it.
    package var restoredEntries = 0
    /// Images, timelines, findings and the like that a snapshot gave back instead.
    package var restoredFromSnapshot = 0
    /// How long the last restore took.
    package var restoreSeconds = 0.0
    /// When the snapshot was taken that a restart would begin with, in milliseconds since 1970; 0 when there is none.
    package var snapshotCreated: Int64 = 0
    /// How large it is.
    package var snapshotBytes = 0
    /// Snapshots that could not be written.
    package var snapshotFailures = 0
    /// Committed offsets that the log does not hold any more: records were lost.
    package var offsetsOutOfRange = 0
    /// Accounts of this worker's partitions that are silent, as it has published (`account-silent`).
    package var silentAccounts = 0
    /// How policies fared that were offered.
    package var policyReloads = PolicyReloads()
    /// The hash of the policy that is held back; nil when none is.
    package var heldPolicy: String?
    /// Numbers of the account partitions that this worker has, sorted.
    package var partitions: [Int] = []

    package init() {}
}

/// How policies fared that came while a run went on.
package struct PolicyReloads: Sendable, Hashable {
    /// Put in force.
    package var accepted = 0
    /// Not valid.
    package var refused = 0
    /// Held back, because they would change too many findings.
    package var held = 0

    package init() {}
}
