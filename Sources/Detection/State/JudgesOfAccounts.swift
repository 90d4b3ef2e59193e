import CloudTrail

/// Which policy judges, and by which one accounts were judged that were restored: after a restart this is all that tells
/// why something is said of them.
struct JudgesOfAccounts: Sendable {
    /// A fingerprint of the policy in force.
    var policy: UInt64
    /// The same of accounts that were judged by another one.
    private var others: [AccountID: UInt64] = [:]

    init(policy: Policy) { self.policy = Self.fingerprint(of: policy) }

    /// The first 64 bits of the policy's hash, the same in every process.
    static func fingerprint(of policy: Policy) -> UInt64 { UInt64(policy.hash.prefix(16), radix: 16) ?? 0 }

    /// Notes what an account's entry of the changelog says.
    mutating func note(_ judge: UInt64, of account: AccountID) {
        others[account] = judge == policy ? nil : judge
    }

    /// Whether an account was judged by the policy in force.
    func knows(_ account: AccountID) -> Bool { others[account] == nil }

    /// Forgets by what accounts were judged, for they are judged anew.
    mutating func forget(accountsWhere isForgotten: (AccountID) -> Bool) {
        others = others.filter { !isForgotten($0.key) }
    }
}
