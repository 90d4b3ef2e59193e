import Foundation

/// A made-up history of CloudTrail: always the same for one seed, with records that matter, noise, repeats and late ones.
public struct History: Sendable {
    /// One record, as JSON.
    public struct Event: Sendable {
        /// Whose it is.
        public let account: String
        /// Seconds since 1970.
        public let time: Int
        /// The record.
        public let json: String

        /// A record.
        public init(account: String, time: Int, json: String) {
            (self.account, self.time, self.json) = (account, time, json)
        }
    }

    private var random: SplitMix64
    private let accounts: [String]
    private var clock: Int
    private var serial = 0
    private var images: [(id: String, owner: String)] = []
    private var instances: [(id: String, account: String)] = []
    /// How many of them are of watched calls, repeats left out.
    public private(set) var watched = 0
    /// The records as they come.
    public private(set) var events: [Event] = []

    /// 2026-02-02T02:40:00Z.
    public static let start = 1_770_000_000

    /// A history.
    ///
    /// - Parameters:
    ///   - seed: another one, another history.
    ///   - members: how many accounts take part.
    ///   - count: records, noise included.
    ///   - noise: of so many records one is of a watched call.
    ///   - step: the next record is less than so many seconds later.
    public init(
        seed: UInt64,
        accounts members: Int = 6,
        records count: Int = 400,
        oneIn noise: Int = 2,
        step: Int = 60
    ) {
        random = SplitMix64(seed: seed)
        accounts = (0..<members).map { "1\(String(repeating: "0", count: 9))\($0 + 10)" }
        clock = Self.start
        while events.count < count {
            clock += random.next(step)
            if random.next(noise) == 0 { addWatched() } else { addNoise() }
            if random.next(20) == 0, let again = events.last { events.append(again) }
        }
        // Some come late, within the horizon.
        for index in events.indices where random.next(10) == 0 {
            let other = min(events.count - 1, index + random.next(30))
            events.swapAt(index, other)
        }
    }

    /// Adds a record of a watched call so many seconds later than all others: stream time is the same then for those who
    /// read of ignored records how far time has come, and those who do not.
    public mutating func end(after seconds: Int) {
        clock = (events.map(\.time).max() ?? clock) + seconds
        add(
            "TerminateInstances",
            account(),
            parameters: "{\"instancesSet\":{\"items\":[{\"instanceId\":\"i-\(hex(17))\"}]}}"
        )
    }

    /// The records in the order of their times, as a replay would read them.
    public var sorted: [Event] { sorted(events[...]) }

    /// Some of the records, in that order.
    public func sorted(_ events: ArraySlice<Event>) -> [Event] {
        events.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
    }

    private mutating func account() -> String { accounts[random.next(accounts.count)] }

    private mutating func hex(_ digits: Int) -> String {
        (0..<digits).map { _ in String(random.next(16), radix: 16) }.joined()
    }

    private mutating func image() -> String {
        if images.isEmpty || random.next(6) == 0 { return "ami-" + hex(17) }
        return images[random.next(images.count)].id
    }

    private mutating func addNoise() {
        let names = ["DescribeInstances", "AssumeRole", "PutObject", "GetObject", "Decrypt"]
        let account = account()
        add(
            names[random.next(names.count)],
            account,
            parameters: "{\"maxResults\":5}",
            source: "s3.amazonaws.com"
        )
    }

    private mutating func addWatched() {
        let account = account()
        switch random.next(12) {
        case 0, 1:
            let id = "ami-" + hex(17)
            images.append((id, account))
            add(
                "CreateImage",
                account,
                parameters: "{\"instanceId\":\"i-\(hex(17))\",\"name\":\"web-\(serial)\",\"noReboot\":true}",
                response: "{\"imageId\":\"\(id)\"}"
            )
        case 2, 3:
            guard !images.isEmpty else { return addNoise() }
            let (id, owner) = images[random.next(images.count)]
            let grantees = [
                "{\"userId\":\"999988887777\"}", "{\"group\":\"all\"}", "{\"userId\":\"\(accounts[0])\"}",
            ]
            let change = random.next(3) == 0 ? "remove" : "add"
            add(
                "ModifyImageAttribute",
                owner,
                parameters:
                    "{\"imageId\":\"\(id)\",\"attributeType\":\"launchPermission\",\"launchPermission\":"
                    + "{\"\(change)\":{\"items\":[\(grantees[random.next(3)])]}}}"
            )
        case 4, 5, 6:
            let id = "i-" + hex(17)
            let image = image()
            instances.append((id, account))
            add(
                "RunInstances",
                account,
                parameters:
                    "{\"instancesSet\":{\"items\":[{\"imageId\":\"\(image)\",\"minCount\":1,\"maxCount\":1}]}}",
                response:
                    "{\"instancesSet\":{\"items\":[{\"instanceId\":\"\(id)\",\"imageId\":\"\(image)\"}]}}"
            )
        case 7:
            guard !instances.isEmpty else { return addNoise() }
            let (id, owner) = instances[random.next(instances.count)]
            add(
                "TerminateInstances",
                owner,
                parameters: "{\"instancesSet\":{\"items\":[{\"instanceId\":\"\(id)\"}]}}"
            )
        case 8:
            let state = ["enabled", "audit-mode"][random.next(2)]
            add(
                "EnableAllowedImagesSettings",
                account,
                parameters:
                    "{\"EnableAllowedImagesSettingsRequest\":{\"AllowedImagesSettingsState\":\"\(state)\"}}"
            )
        case 9:
            add(
                "DisableAllowedImagesSettings",
                account,
                parameters: "{\"DisableAllowedImagesSettingsRequest\":{}}"
            )
        default:
            guard !images.isEmpty else { return addNoise() }
            let (id, owner) = images[random.next(images.count)]
            add(
                random.next(4) == 0 ? "DeleteTags" : "CreateTags",
                owner,
                parameters:
                    "{\"resourcesSet\":{\"items\":[{\"resourceId\":\"\(id)\"}]},\"tagSet\":{\"items\":"
                    + "[{\"key\":\"Role\",\"value\":\"golden\"}]}}"
            )
        }
    }

    private mutating func add(
        _ name: String,
        _ account: String,
        parameters: String,
        response: String = "null",
        source: String = "ec2.amazonaws.com"
    ) {
        serial += 1
        if source == "ec2.amazonaws.com" { watched += 1 }
        let id =
            "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(serial)".count) + "\(serial)"
        let actor =
            "{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::\(account):user/ann\",\"accountId\":\"\(account)\"}"
        let json =
            "{\"eventVersion\":\"1.10\",\"userIdentity\":\(actor),\"eventTime\":\"\(Self.text(clock))\","
            + "\"eventSource\":\"\(source)\",\"eventName\":\"\(name)\",\"awsRegion\":\"eu-central-1\","
            + "\"sourceIPAddress\":\"192.0.2.7\",\"userAgent\":\"aws-cli\",\"requestParameters\":\(parameters),"
            + "\"responseElements\":\(response),\"eventID\":\"\(id)\",\"eventType\":\"AwsApiCall\","
            + "\"recipientAccountId\":\"\(account)\"}"
        events.append(Event(account: account, time: clock, json: json))
    }

    private static func text(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
    }
}

extension SplitMix64 {
    /// A number below a limit.
    public mutating func next(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}
