import TestSupport

/// One session of somebody in an account: it makes many calls with the same identity, address and user agent.
struct Caller {
    /// `"userIdentity":{…}`.
    let identity: [UInt8]
    /// `"sourceIPAddress":"…","userAgent":"…"`.
    let origin: [UInt8]
    /// When it ends and another takes its place, in seconds of the epoch.
    let end: Int64

    /// Seven in ten are roles, two AWS services that act in the account, one users.
    init(account: [UInt8], at seconds: Int64, _ random: inout SplitMix64, _ clock: inout ClockText) {
        end = seconds + 900 + Int64(random.below(6300))
        let kind = random.below(10)
        var text = ""
        var origin: String
        let address = "198.51.100.\(random.below(254) + 1)"
        switch kind {
        case 0..<7:
            text = Self.role
            let agent = Words.agents[random.skewed(Words.agents.count)]
            origin = #""sourceIPAddress":"\#(address)","userAgent":"\#(agent)""#
        case 7, 8:
            text = Self.service
            let service = Words.lists["service"]?[random.skewed(8)] ?? "ec2"
            text = text.split(separator: "<service>", omittingEmptySubsequences: false)
                .joined(separator: "\(service).amazonaws.com")
            origin = #""sourceIPAddress":"\#(service).amazonaws.com","userAgent":"\#(service).amazonaws.com""#
        default:
            text = Self.user
            let agent = Words.agents[random.below(Words.agents.count)]
            origin = #""sourceIPAddress":"\#(address)","userAgent":"\#(agent)""#
        }
        let role = Words.lists["role"].map { $0[random.skewed($0.count)] } ?? ""
        let user = Words.lists["user"].map { $0[random.skewed($0.count)] } ?? ""
        let context = Template.Context(
            seconds: seconds - Int64(random.below(1800)),
            account: account,
            region: [],
            origin: [],
            arguments: [
                Array(role.utf8), Array(user.utf8),
                Array(Self.letters(17, &random).utf8),
                Array("i-0\(Self.letters(16, &random).lowercased())".utf8),
                Array(Self.letters(16, &random).utf8),
            ]
        )
        let buffer = ByteBuffer(capacity: 2048)
        Template(text).write(context, &random, &clock, to: buffer)
        identity = Array(buffer.bytes)
        self.origin = Array(origin.utf8)
    }

    /// What access keys and principal ids are made of.
    private static func letters(_ count: Int, _ random: inout SplitMix64) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        return String(decoding: (0..<count).map { _ in letters[random.below(32)] }, as: UTF8.self)
    }

    private static let role = #"""
        "userIdentity":{"type":"AssumedRole","principalId":"AROA<2>:<3>",\#
        "arn":"arn:aws:sts::<account>:assumed-role/<0>/<3>","accountId":"<account>","accessKeyId":"ASIA<4>",\#
        "sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA<2>",\#
        "arn":"arn:aws:iam::<account>:role/<0>","accountId":"<account>","userName":"<0>"},\#
        "attributes":{"creationDate":"<time>","mfaAuthenticated":"false"},"ec2RoleDelivery":"2.0"}}
        """#

    private static let service = #"""
        "userIdentity":{"type":"AssumedRole","principalId":"AROA<2>:<1>",\#
        "arn":"arn:aws:sts::<account>:assumed-role/aws-service-role/<0>","accountId":"<account>",\#
        "accessKeyId":"ASIA<4>","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA<2>",\#
        "arn":"arn:aws:iam::<account>:role/aws-service-role/<service>/<0>","accountId":"<account>",\#
        "userName":"<0>"},"webIdFederationData":{},\#
        "attributes":{"creationDate":"<time>","mfaAuthenticated":"false"}},"invokedBy":"<service>"}
        """#

    private static let user = #"""
        "userIdentity":{"type":"IAMUser","principalId":"AIDA<2>","arn":"arn:aws:iam::<account>:user/<1>",\#
        "accountId":"<account>","accessKeyId":"AKIA<4>","userName":"<1>"}
        """#
}
