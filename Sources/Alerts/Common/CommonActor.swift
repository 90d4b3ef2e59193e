internal import CloudTrail
internal import Detection
internal import Glibc

/// Who made a call.
struct CommonActor {
    var arn: String?
    /// What people call it: `ann`, `Role/session`, `root`, or a service's host name.
    var name: String?
    /// `AssumedRole`, `IAMUser`, `Root`, `AWSService` and so on.
    var type: String?
    let account: String?
    /// The role behind a session.
    var issuer: String?
    /// The service that called in somebody's name, or `AWS Internal`.
    var invokedBy: String?
    /// Where the call came from, if that is an IPv4 address.
    let addressV4: String?
    /// Where the call came from, if that is an IPv6 address.
    let addressV6: String?
    /// The same, if it is no address: a service's host name, or `AWS Internal`.
    var host: String?
    var userAgent: String?

    /// Nil for nobody known.
    init?(_ actor: Actor) {
        guard actor != .unknown else { return nil }
        arn = Self.known(actor.arn)
        type = Self.known(actor.type)
        account = actor.accountID?.description
        issuer = Self.known(actor.issuerARN)
        invokedBy = Self.known(actor.invokedBy)
        userAgent = Self.known(actor.userAgent)
        let source = Self.known(actor.sourceIP)
        addressV4 = source.flatMap { Self.isAddress($0, AF_INET) ? $0 : nil }
        addressV6 = source.flatMap { Self.isAddress($0, AF_INET6) ? $0 : nil }
        host = addressV4 == nil && addressV6 == nil ? source : nil
        name = arn.map(Self.name) ?? invokedBy ?? (type == "AWSService" ? host : nil)
    }

    /// Where the call came from, if that is an address.
    var address: String? { addressV4 ?? addressV6 }

    /// What it is known by everywhere: its ARN, else its name.
    var id: String? { arn ?? name ?? account }

    /// Whether it is an AWS service and no person.
    var isService: Bool { type == "AWSService" }

    /// Cuts every text that somebody outside may have written.
    mutating func clip(_ clip: (inout String?) -> Void) {
        clip(&arn)
        clip(&name)
        clip(&type)
        clip(&issuer)
        clip(&invokedBy)
        clip(&host)
        clip(&userAgent)
    }

    /// Whether a text is an address of a family in its usual form, without a zone or a port.
    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        // A null byte would end the text for whoever reads it as C does.
        guard text.utf8.count < 46, !text.utf8.contains(0) else { return false }
        var address = in6_addr()
        return inet_pton(family, text, &address) == 1
    }

    private static func known(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    /// What follows the kind of a principal in its ARN; of a user's path the last part.
    private static func name(_ arn: String) -> String {
        let (colon, slash) = (UInt8(ascii: ":"), UInt8(ascii: "/"))
        var resource = arn.utf8[...]
        for _ in 0..<5 {
            guard let end = resource.firstIndex(of: colon) else { break }
            resource = resource[resource.index(after: end)...]
        }
        if resource.isEmpty { return arn }
        guard let end = resource.firstIndex(of: slash), end > resource.startIndex else {
            return String(Substring(resource))
        }
        var name = resource[resource.index(after: end)...]
        if resource[..<end].elementsEqual("user".utf8), let last = name.lastIndex(of: slash) {
            name = name[name.index(after: last)...]
        }
        return String(Substring(name.isEmpty ? resource : name))
    }
}
