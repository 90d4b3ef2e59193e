/// Condition keys of IAM that a record tells of the caller's session, and of the way of the call, beyond who called.
///
/// They are read where somebody asks for them. Source: IAM User Guide, "AWS global condition context keys"; CloudTrail User
/// Guide, "CloudTrail userIdentity element".
public struct SessionKeys: OptionSet, Hashable, Sendable {
    /// One bit a key.
    public let rawValue: UInt16

    /// A set of keys from their bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    static let userID = SessionKeys(rawValue: 1 << 0)
    static let issueTime = SessionKeys(rawValue: 1 << 1)
    static let isByMFA = SessionKeys(rawValue: 1 << 2)
    static let ageOfMFA = SessionKeys(rawValue: 1 << 3)
    static let sourceIdentity = SessionKeys(rawValue: 1 << 4)
    static let roleDelivery = SessionKeys(rawValue: 1 << 5)
    static let endpoint = SessionKeys(rawValue: 1 << 6)
    static let endpointAccount = SessionKeys(rawValue: 1 << 7)
    static let isByTLS = SessionKeys(rawValue: 1 << 8)

    private static let names: [(name: ExactText, key: SessionKeys)] = [
        ("aws:userid", userID), ("aws:tokenissuetime", issueTime), ("aws:multifactorauthpresent", isByMFA),
        ("aws:multifactorauthage", ageOfMFA), ("aws:sourceidentity", sourceIdentity),
        ("ec2:roledelivery", roleDelivery), ("aws:sourcevpce", endpoint),
        ("aws:vpceaccount", endpointAccount), ("aws:securetransport", isByTLS),
    ]

    /// What tells a key in lower case; nothing for one that no record tells.
    public static func telling(_ key: String) -> SessionKeys {
        // Where no endpoint is named, there is no VPC of it either.
        let isOfEndpoint = ["aws:sourcevpc", "aws:sourcevpcarn", "aws:vpceorgid", "aws:vpceorgpaths"]
            .contains(key)
        return isOfEndpoint ? .endpoint : names.first { $0.name.string == key }?.key ?? []
    }

    /// The values of these keys by their names in lower case.
    ///
    /// A text, or a no where the request had no such key; what is not among them is not told.
    func told(_ identity: JSONValue?, _ frame: borrowing Frame) -> Fields {
        var fields = Fields()
        let context = identity?.member("sessionContext").flatMap { $0.isObject ? $0 : nil }
        let attributes = context?.member("attributes")
        // Long-term credentials have no session.
        let isLongTerm = identity?.member("accessKeyId")?.text?.hasPrefix("AKIA") ?? false
        func text(_ value: JSONValue?) -> Fields.Value? {
            value?.text?.nonEmptyString.map { .text(ExactText($0)) }
        }
        for (name, key) in Self.names where contains(key) {
            let value: Fields.Value? =
                switch key {
                case .userID: text(identity?.member("principalId"))
                case .issueTime: isLongTerm ? .flag(false) : text(attributes?.member("creationDate"))
                case .isByMFA: Self.isByMFA(attributes, isLongTerm)
                case .ageOfMFA: Self.ageOfMFA(attributes, isLongTerm)
                case .sourceIdentity:
                    text(context?.member("sourceIdentity"))
                        ?? (isLongTerm || context != nil ? .flag(false) : nil)
                case .roleDelivery:
                    text(context?.member("ec2RoleDelivery"))
                        ?? (isLongTerm || context != nil ? .flag(false) : nil)
                case .endpoint: text(frame.session.endpointID) ?? .flag(false)
                case .endpointAccount: text(frame.session.endpointAccountID) ?? .flag(false)
                default: frame.session.tls?.member("tlsVersion")?.text.map { _ in .text("true") }
                }
            fields[name] = value
        }
        return fields
    }

    /// A session without it may have the key, which is false then, or not.
    private static func isByMFA(_ attributes: JSONValue?, _ isLongTerm: Bool) -> Fields.Value? {
        if isLongTerm { return .flag(false) }
        return attributes?.member("mfaAuthenticated")?.flag == true ? .text("true") : nil
    }

    /// Since when is told of nobody: a role's session is younger than what it was made with.
    private static func ageOfMFA(_ attributes: JSONValue?, _ isLongTerm: Bool) -> Fields.Value? {
        isLongTerm || attributes?.member("mfaAuthenticated")?.flag == false ? .flag(false) : nil
    }
}
