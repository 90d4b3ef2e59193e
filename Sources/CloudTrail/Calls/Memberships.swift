// What AWS Organizations tells of an account's membership.

extension WatchedCall {
    /// An organization was made, with the account that manages it.
    public static let createOrganization = of("CreateOrganization")
    /// An account was made in the organization.
    public static let createAccountResult = of("CreateAccountResult")
    /// An account has joined the organization.
    public static let accountJoined = of("AccountJoinedOrganization")
    /// An account takes an invitation.
    public static let acceptHandshake = of("AcceptHandshake")
    /// An account of the organization gets another place in it.
    public static let moveAccount = of("MoveAccount")
    /// An account is removed from the organization.
    public static let removeAccount = of("RemoveAccountFromOrganization")
    /// An account leaves its organization.
    public static let leaveOrganization = of("LeaveOrganization")
    /// An account has left the organization.
    public static let accountDeparted = of("AccountDepartedOrganization")
    /// An account was closed.
    public static let closeAccountResult = of("CloseAccountResult")

    /// All of these.
    public static let memberships: [WatchedCall] = [
        createOrganization, createAccountResult, accountJoined, acceptHandshake, moveAccount, removeAccount,
        leaveOrganization,
        accountDeparted, closeAccountResult,
    ]

    private static func of(_ name: String) -> WatchedCall {
        WatchedCall(name, of: .organizations, isUse: false, membership)
    }

    private static func membership(_ parameters: Parameters) throws(Unreadable) -> Call {
        if parameters.failed { return .nothing }
        switch parameters.call {
        case .createAccountResult:
            return try result(parameters.details?.field("createAccountStatus"), isMember: true)
        case .closeAccountResult:
            return try result(parameters.details?.field("closeAccountStatus"), isMember: false)
        case .accountJoined, .accountDeparted: return try told(parameters)
        case .acceptHandshake: return try accepted(parameters)
        case .createOrganization:
            let organization = parameters.answer("organization")
            return .membership(
                MembershipChange(
                    account: organization?.field("masterAccountId")?.account,
                    organization: organization?.field("id")?.plain.flatMap(Self.organization),
                    isMember: true
                )
            )
        case .leaveOrganization: return .membership(MembershipChange(account: nil, isMember: false))
        default:
            let request = try parameters.requestFields()
            guard let account = request?.field("accountId")?.account else {
                throw Unreadable("accountId is missing")
            }
            return .membership(
                MembershipChange(
                    account: account,
                    isMember: parameters.call == .moveAccount,
                    parent: request?.field("destinationParentId")?.exact,
                    formerParent: request?.field("sourceParentId")?.exact
                )
            )
        }
    }

    /// What came of a wish that takes its time.
    private static func result(_ status: JSONValue?, isMember: Bool) throws(Unreadable) -> Call {
        guard let state = status?.field("state")?.plain else { throw Unreadable("there is no state") }
        guard state == "SUCCEEDED" else { return .nothing }
        guard let account = status?.field("accountId")?.account else {
            throw Unreadable("accountId is missing")
        }
        return .membership(MembershipChange(account: account, isMember: isMember))
    }

    /// No record of these is published yet: the account may stand one object deeper.
    private static func told(_ parameters: Parameters) throws(Unreadable) -> Call {
        guard let details = parameters.details else { throw Unreadable("serviceEventDetails are missing") }
        for place in [details] + details.members.map(\.1) {
            guard let account = (place.field("accountId") ?? place.field("memberAccountId"))?.account else {
                continue
            }
            let organization =
                (place.field("organizationId") ?? details.field("organizationId"))?.plain
                .flatMap(Self.organization)
            return .membership(
                MembershipChange(
                    account: account,
                    organization: organization,
                    isMember: parameters.call == .accountJoined
                )
            )
        }
        throw Unreadable("serviceEventDetails name no account")
    }

    /// The answer shows what was agreed to: only an invitation makes a member, of whoever took it.
    private static func accepted(_ parameters: Parameters) throws(Unreadable) -> Call {
        guard let handshake = parameters.answer("handshake"), let action = handshake.field("action")?.plain
        else { throw Unreadable("the response shows no handshake") }
        guard action.lowercased() == "invite" else { return .nothing }
        var account: AccountID?
        // arn:aws:organizations::<management account>:handshake/o-…/invite/h-…
        let arn = handshake.field("arn")?.plain?.utf8
        var organization = arn?.split(separator: 0x2F).lazy.map { String(Substring($0)) }
            .compactMap(Self.organization).first
        let management = arn?.split(separator: 0x3A).lazy.compactMap { AccountID(utf8: $0) }.first
        for party in handshake.field("parties").list {
            switch party.field("type")?.plain {
            case "ACCOUNT": account = party.field("id")?.account
            case "ORGANIZATION":
                organization = organization ?? party.field("id")?.plain.flatMap(Self.organization)
            default: break
            }
        }
        return .membership(
            MembershipChange(
                account: account,
                organization: organization,
                isMember: true,
                management: management
            )
        )
    }

    private static func organization(_ text: String) -> ExactText? {
        text.hasBytes(prefix: "o-") ? ExactText(text) : nil
    }
}
