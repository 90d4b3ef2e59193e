import AWSPolicies
import CloudTrail

/// The condition keys that tell who called, when and how.
struct CallerKeys {
    let evidence: Evidence
    /// What the call's fact has of the caller's session, among others.
    let session: Fields
    let policy: Policy

    private var actor: Actor { evidence.actor }

    /// The name under which a call's fact has a key of the caller's session.
    static func name(of key: String) -> ExactText { ExactText("session \(key)") }

    /// The value of a key in lower case; nil for keys of single resources.
    func value(of key: String) -> ContextValue? {
        guard ConditionKey.isEverywhere(key) else { return nil }
        return switch key {
        case "aws:currenttime": .single(evidence.time.description)
        case "aws:epochtime": .single(String(evidence.time.seconds))
        case "aws:requestedregion", "ec2:region":
            evidence.region.isEmpty ? .unknown : .single(evidence.region)
        case "aws:useragent": known(actor.userAgent)
        case "aws:sourceip": address(isPrivate: false)
        case "aws:vpcsourceip": address(isPrivate: true)
        case "aws:viaawsservice": viaService
        case "aws:calledvia", "aws:calledviafirst", "aws:calledvialast":
            viaService == .single("false") ? .absent : .unknown
        default: principal(key)
        }
    }

    private func principal(_ key: String) -> ContextValue {
        switch key {
        case "aws:principalarn": known(actor.principalARN)
        case "aws:principalaccount": known(actor.accountID?.description)
        case "aws:principaltype": known(principalType)
        case "aws:principalisawsservice": .single("false")
        case "aws:principalservicename", "aws:principalservicenameslist": .absent
        case "aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths": .absent
        case "aws:principalorgid": organization
        case "aws:username": userName
        case "aws:sourcevpce", "aws:vpceaccount", "aws:sourcevpc", "aws:sourcevpcarn", "aws:vpceorgid",
            "aws:vpceorgpaths":
            endpoint(key)
        default: told(key)
        }
    }

    /// What the record tells of a session; tags of it, and much else, no record tells.
    private func told(_ key: String) -> ContextValue {
        switch session[Self.name(of: key)] {
        case .text(let text): .single(text.string)
        case .flag(false): .absent
        default: .unknown
        }
    }

    /// A call through an endpoint names it; its VPC and organization no record tells.
    ///
    /// A call that names none comes through none if it comes from a public address: of others nobody knows.
    private func endpoint(_ key: String) -> ContextValue {
        guard told("aws:sourcevpce") == .absent || key == "aws:vpceaccount" && told(key) == .absent else {
            return told(key)
        }
        if case .single = address(isPrivate: false) { return .absent }
        return .unknown
    }

    private func known(_ text: String?) -> ContextValue { text.map { .single($0) } ?? .unknown }

    /// IAM has other names than CloudTrail.
    private var principalType: String? {
        switch actor.type {
        case "Root": "Account"
        case "IAMUser": "User"
        case "AssumedRole", "FederatedUser": actor.type
        default: nil
        }
    }

    private var userName: ContextValue {
        guard actor.type == "IAMUser" else { return actor.type == nil ? .unknown : .absent }
        return known(actor.arn?.split(separator: "/").last.map(String.init))
    }

    /// A member's organization, as the policy names both.
    private var organization: ContextValue {
        guard let id = policy.organization.id, let account = actor.accountID,
            policy.organization.accounts.contains(account)
        else { return .unknown }
        return .single(id.string)
    }

    /// Whether a service calls with the caller's permissions: with a role it may as well use one of its own.
    private var viaService: ContextValue {
        guard actor.service != nil else { return .single("false") }
        return actor.type == "AssumedRole" ? .unknown : .single("true")
    }

    /// Through an endpoint of a VPC a call comes from a private address, which `aws:VpcSourceIp` tells and `aws:SourceIp` does not.
    private func address(isPrivate: Bool) -> ContextValue {
        guard let address = actor.sourceIP else { return .unknown }
        // A service's name, or `AWS Internal`, stands there for its own address, whose it was is not told.
        guard address.contains(where: { $0 == "." || $0 == ":" }), actor.service == nil else {
            return .unknown
        }
        return Self.isPrivate(address) == isPrivate ? .single(address) : .absent
    }

    private static func isPrivate(_ address: String) -> Bool {
        let parts = address.split(separator: ".").compactMap { UInt8($0) }
        if parts.count == 4 {
            return parts[0] == 10 || (parts[0] == 172 && parts[1] & 0xF0 == 16)
                || (parts[0] == 192 && parts[1] == 168)
        }
        let first = address.lowercased().prefix(2)
        return first == "fc" || first == "fd"
    }
}
