internal import Glibc

/// Who made a call, as `userIdentity`, `sourceIPAddress` and `userAgent` tell.
///
/// Nil where the record is silent.
///
/// A class, because many records share one: the engine keeps one instance for equal values.
public final class Actor: Hashable, Sendable {
    /// `userIdentity.arn`.
    public let arn: String?
    /// The value of `userIdentity.type`, such as `AssumedRole`, `IAMUser`, `Root` or `AWSService`.
    public let type: String?
    /// `userIdentity.accountId`.
    public let accountID: AccountID?
    /// `userIdentity.invokedBy`: an AWS service's host name, or `AWS Internal`.
    public let invokedBy: String?
    /// `sourceIPAddress`: an address, or an AWS service's host name.
    public let sourceIP: String?
    /// `userAgent`.
    public let userAgent: String?
    /// `userIdentity.sessionContext.sessionIssuer.arn`: the role behind a session.
    public let issuerARN: String?
    /// The service whose service-linked role called, which nobody else can take.
    public let linkedService: String?

    /// A fingerprint of every part, the same for equal actors within this process.
    public let fingerprint: UInt64
    /// How many bytes the parts have.
    package let textBytes: Int

    /// An actor from the parts that are known.
    public init(
        arn: String? = nil,
        type: String? = nil,
        accountID: AccountID? = nil,
        invokedBy: String? = nil,
        sourceIP: String? = nil,
        userAgent: String? = nil,
        issuerARN: String? = nil
    ) {
        self.arn = arn
        self.type = type
        self.accountID = accountID
        self.invokedBy = invokedBy
        self.sourceIP = sourceIP
        self.userAgent = userAgent
        self.issuerARN = issuerARN
        linkedService = Self.linkedService(of: issuerARN ?? arn)
        var fingerprint = TextFingerprint()
        var textBytes = 0
        for text in [arn, type, invokedBy, sourceIP, userAgent, issuerARN] {
            fingerprint.feed(text)
            textBytes += text?.utf8.count ?? 0
        }
        fingerprint.feed(accountID?.number ?? 0)
        self.fingerprint = fingerprint.value
        self.textBytes = textBytes
    }

    /// Nobody known.
    public static let unknown = Actor()

    /// The role or user as IAM policies name it: `sessionIssuer.arn`, else `userIdentity.arn`.
    public var principalARN: String? { issuerARN ?? arn }

    /// The AWS service that made the call for the owner, or nil.
    ///
    /// The console's `AWS Internal` is no service.
    public var service: String? {
        for name in [invokedBy, sourceIP] {
            if let name, name.hasBytes(suffix: ".amazonaws.com") || name.hasBytes(suffix: ".amazonaws.com.cn")
            {
                return name
            }
        }
        return type == "AWSService" ? invokedBy ?? "AWSService" : nil
    }

    /// The service of a service-linked role, of which all are under one path.
    private static func linkedService(of principal: String?) -> String? {
        principal?.utf8.withContiguousStorageIfAvailable { arn -> String? in
            // The first slash ends the kind of the resource: further on anybody could have written this.
            let path: StaticString = ":role/aws-service-role/"
            guard let base = arn.baseAddress, let slash = arn.firstIndex(of: 0x2F), slash >= 5,
                arn.count - slash + 5 > path.utf8CodeUnitCount,
                memcmp(base + slash - 5, path.utf8Start, path.utf8CodeUnitCount) == 0
            else { return nil }
            let service = arn[(slash - 5 + path.utf8CodeUnitCount)...].prefix { $0 != 0x2F }
            return service.isEmpty ? nil : String(decoding: service, as: UTF8.self)
        }.flatMap(\.self)
    }

    /// Equal in every part, byte for byte.
    public static func == (left: Actor, right: Actor) -> Bool {
        left === right
            || (left.fingerprint == right.fingerprint && left.accountID == right.accountID
                && left.arn.hasSameBytes(as: right.arn) && left.type.hasSameBytes(as: right.type)
                && left.invokedBy.hasSameBytes(as: right.invokedBy)
                && left.sourceIP.hasSameBytes(as: right.sourceIP)
                && left.userAgent.hasSameBytes(as: right.userAgent)
                && left.issuerARN.hasSameBytes(as: right.issuerARN))
    }

    /// Feeds a fingerprint of every part.
    public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
