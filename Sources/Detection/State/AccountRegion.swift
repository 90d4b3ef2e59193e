public import CloudTrail

/// An account's part of one Region.
public struct AccountRegion: Fingerprinted, Comparable, Sendable, CustomStringConvertible {
    /// The account.
    public let account: AccountID
    /// The Region.
    public let region: String

    /// An account and a Region of it.
    public init(_ account: AccountID, _ region: String) {
        self.account = account
        self.region = region
    }

    /// Feeds both.
    public func feed(to fingerprint: inout TextFingerprint) {
        fingerprint.feed(account.number)
        fingerprint.feed(region)
    }

    /// `<account>/<region>`, the id of the resource `account-region`.
    public var description: String { "\(account)/\(region)" }

    /// The same account, and the Region byte for byte.
    public static func == (left: AccountRegion, right: AccountRegion) -> Bool {
        left.account == right.account && left.region.hasSameBytes(as: right.region)
    }

    /// By account, then Region.
    public static func < (left: AccountRegion, right: AccountRegion) -> Bool {
        left.account != right.account
            ? left.account < right.account : left.region.bytesPrecede(right.region)
    }
}
