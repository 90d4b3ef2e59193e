public import CloudTrail

/// An account's part of one Region.
public struct AccountRegion: Fingerprinted, Comparable, Sendable, CustomStringConvertible {
    /// The account.
    public let account: AccountID
    /// The Region.
    public let region: String
    /// Of both; at hand, because nearly everything is found by it.
    private let fingerprint: UInt64

    /// An account and a Region of it.
    public init(_ account: AccountID, _ region: String) {
        self.account = account
        self.region = region
        var fingerprint = TextFingerprint()
        fingerprint.feed(account.number)
        fingerprint.feed(region)
        self.fingerprint = fingerprint.value
    }

    /// Feeds both.
    public func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(self.fingerprint) }

    /// Goes on from the fingerprint at hand.
    public func _rawHashValue(seed: Int) -> Int {
        var fingerprint = TextFingerprint(from: fingerprint)
        fingerprint.feed(UInt64(bitPattern: Int64(seed)))
        return Int(truncatingIfNeeded: fingerprint.value)
    }

    /// `<account>/<region>`, the id of the resource `account-region`.
    public var description: String { "\(account)/\(region)" }

    /// The same account, and the Region byte for byte.
    public static func == (left: AccountRegion, right: AccountRegion) -> Bool {
        left.fingerprint == right.fingerprint && left.account == right.account
            && left.region.hasSameBytes(as: right.region)
    }

    /// By account, then Region.
    public static func < (left: AccountRegion, right: AccountRegion) -> Bool {
        left.account != right.account
            ? left.account < right.account : left.region.bytesPrecede(right.region)
    }
}
