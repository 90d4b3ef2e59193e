/// How far CloudTrail's digests vouch for the records that an alert or a finding is about.
package enum EvidenceStanding: String, Comparable, Sendable {
    /// A signature of CloudTrail proves the files that they are from.
    case verified
    /// Nothing proves one of the files.
    case unverified
    /// One of the files is not what CloudTrail delivered.
    case contradicted

    private var rank: Int {
        switch self {
        case .verified: 0
        case .unverified: 1
        case .contradicted: 2
        }
    }

    /// From best to worst.
    package static func < (left: EvidenceStanding, right: EvidenceStanding) -> Bool { left.rank < right.rank }
}
