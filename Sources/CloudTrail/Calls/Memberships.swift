extension WatchedCall {
    /// Reads what AWS Organizations tells of an account's membership.
    func membership(_ parameters: Parameters) throws(Unreadable) -> Call {
        if parameters.failed { return .nothing }
        switch self {
        case .createAccountResult:
            return try result(parameters.details?.field("createAccountStatus"), isMember: true)
        case .closeAccountResult:
            return try result(parameters.details?.field("closeAccountStatus"), isMember: false)
        case .accountJoined, .accountDeparted: return try told(parameters)
        case .acceptHandshake: return try accepted(parameters)
        case .leaveOrganization: return .membership(MembershipChange(account: nil, isMember: false))
        default:
            guard let account = try parameters.requestFields()?.field("accountId")?.account else {
                throw Unreadable("accountId is missing")
            }
            return .membership(MembershipChange(account: account, isMember: self == .moveAccount))
        }
    }

    /// What came of a wish that takes its time.
    private func result(_ status: JSONValue?, isMember: Bool) throws(Unreadable) -> Call {
        guard let state = status?.field("state")?.plain else { throw Unreadable("there is no state") }
        guard state == "SUCCEEDED" else { return .nothing }
        guard let account = status?.field("accountId")?.account else {
            throw Unreadable("accountId is missing")
        }
        return .membership(MembershipChange(account: account, isMember: isMember))
    }

    /// No record of these is published yet: the account may stand one object deeper.
    private func told(_ parameters: Parameters) throws(Unreadable) -> Call {
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
                    isMember: self == .accountJoined
                )
            )
        }
        throw Unreadable("serviceEventDetails name no account")
    }

    /// The answer shows what was agreed to: only an invitation makes a member, of whoever took it.
    private func accepted(_ parameters: Parameters) throws(Unreadable) -> Call {
        guard let handshake = parameters.answer("handshake"), let action = handshake.field("action")?.plain
        else { throw Unreadable("the response shows no handshake") }
        guard action.lowercased() == "invite" else { return .nothing }
        var account: AccountID?
        // arn:aws:organizations::<management account>:handshake/o-…/invite/h-…
        var organization = handshake.field("arn")?.plain.flatMap { arn in
            arn.utf8.split(separator: 0x2F).lazy.map { String(Substring($0)) }
                .compactMap(Self.organization).first
        }
        for party in handshake.field("parties").list {
            switch party.field("type")?.plain {
            case "ACCOUNT": account = party.field("id")?.account
            case "ORGANIZATION":
                organization = organization ?? party.field("id")?.plain.flatMap(Self.organization)
            default: break
            }
        }
        return .membership(
            MembershipChange(account: account, organization: organization, isMember: true)
        )
    }

    private static func organization(_ text: String) -> ExactText? {
        text.hasBytes(prefix: "o-") ? ExactText(text) : nil
    }
}
