import CloudTrail
import Foundation
import TestSupport
import Testing

@testable import Detection

/// Commands for people to paste, made of what attackers wrote.
@Suite
struct AWSCommandTests {
    /// One argument, and what `aws` must get for it; nil where there must be no command.
    private struct Case {
        let argument: AWSArgument
        let expected: ((String) -> Bool)?
        let text: String
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        // Over UTF-16, as written: no two spellings of one character are the same here.
        guard let expression = try? NSRegularExpression(pattern: "\\A(?:\(pattern))\\z") else { return false }
        return expression.firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count)) != nil
    }

    private static func isSame(_ left: String, _ right: String?) -> Bool {
        right.map { left.utf8.elementsEqual($0.utf8) } ?? false
    }

    private static func shaped(
        _ text: String,
        _ pattern: String,
        _ argument: AWSArgument,
        _ whole: @escaping (String) -> String = { $0 }
    ) -> Case {
        Case(
            argument: argument,
            expected: matches(text, pattern) ? { isSame($0, whole(text)) } : nil,
            text: text
        )
    }

    private static func json(_ text: String) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8))
    }

    private static func tag(_ key: String, _ value: String?) -> Case {
        let fits = (1...128).contains(key.unicodeScalars.count) && (value ?? "").unicodeScalars.count <= 256
        return Case(
            argument: .tag(key, value: value),
            expected: !fits
                ? nil
                : { argument in
                    if argument.hasPrefix("Key=") {
                        return matches(key, "[A-Za-z0-9][A-Za-z0-9._-]*")
                            && matches(value ?? "x", "[A-Za-z0-9][A-Za-z0-9._-]*")
                            && isSame(argument, "Key=\(key)" + (value.map { ",Value=\($0)" } ?? ""))
                    }
                    guard let list = json(argument) as? [[String: String]], list.count == 1 else {
                        return false
                    }
                    return isSame(key, list[0]["Key"]) && list[0].count == (value == nil ? 1 : 2)
                        && (value.map { isSame($0, list[0]["Value"]) } ?? true)
                },
            text: "\(key) \(value ?? "")"
        )
    }

    private static func criteria(_ names: [String], _ providers: [String]) -> Case {
        let criterion = ImageCriterion(
            providers: providers.map { ExactText($0) },
            names: names.map { ExactText($0) },
            maximumDaysSinceCreated: 30
        )
        return Case(
            argument: .criteria([criterion]),
            expected: { argument in
                guard let list = json(argument) as? [[String: Any]], list.count == 1, list[0].count == 3,
                    let foundNames = list[0]["ImageNames"] as? [String],
                    let foundProviders = list[0]["ImageProviders"] as? [String]
                else { return false }
                return foundNames.elementsEqual(names, by: isSame)
                    && foundProviders.elementsEqual(providers, by: isSame)
            },
            text: "\(names)"
        )
    }

    private static func makeCase(_ hostile: inout HostileText) -> Case {
        func text(like good: String, _ hostile: inout HostileText) -> String {
            hostile.below(3) == 0 ? hostile.text() : hostile.damaged(good)
        }
        let organization = "arn:aws[a-z0-9-]{0,29}:organizations::(?!0{12})[0-9]{12}:"
        switch hostile.below(10) {
        case 0:
            let id = text(like: "ami-0abcdef0000000001", &hostile)
            return shaped(id, "(import-)?ami-([0-9a-f]{8}|[0-9a-f]{17})", .image(ResourceID(id)))
        case 1:
            let id = text(like: "i-0abcdef0", &hostile)
            return shaped(id, "i-([0-9a-f]{8}|[0-9a-f]{17})", .instance(ResourceID(id)))
        case 2:
            let region = text(like: "us-gov-west-1", &hostile)
            return shaped(region, "(?=.{1,32}\\z)[a-z]+(-[a-z]+){1,3}-[0-9]{1,2}", .region(region))
        case 3:
            let id = text(like: "00000000-0000-4000-8000-00000000000a", &hostile)
            let uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
            return shaped(id, uuid, .event(EventID(id))) { "AttributeKey=EventId,AttributeValue=\($0)" }
        case 4:
            let arn = text(like: "arn:aws:organizations::111122223333:organization/o-exampleorgid", &hostile)
            let pattern = organization + "organization/o-[a-z0-9]{10,32}"
            return shaped(arn, pattern, .removal(.organization(arn))) { "Remove=[{OrganizationArn=\($0)}]" }
        case 5:
            let arn = text(
                like: "arn:aws-cn:organizations::111122223333:ou/o-exampleorgid/ou-ab12-cdef3456",
                &hostile
            )
            let pattern = organization + "ou/o-[a-z0-9]{10,32}/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}"
            return shaped(arn, pattern, .removal(.organizationalUnit(arn))) {
                "Remove=[{OrganizationalUnitArn=\($0)}]"
            }
        case 6: return criteria([hostile.text(), hostile.text()], [hostile.damaged("amazon")])
        case 7: return tag(hostile.damaged("Role"), nil)
        default: return tag(text(like: "Role", &hostile), text(like: "golden", &hostile))
        }
    }

    @Test("100,000 hostile texts: a shell hands aws exactly what was meant, or there is no command")
    func hostile() throws {
        var hostile = HostileText(seed: 14)
        var lines: [String] = []
        var cases: [Case] = []
        for _ in 0..<100_000 {
            let one = Self.makeCase(&hostile)
            switch AWSCommand.ec2("verb", region: "us-east-1", "--option", one.argument) {
            case .line(let line):
                #expect(one.expected != nil, "\(one.text.debugDescription) is in \(line)")
                #expect(line.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "\(line.debugDescription)")
                lines.append(line)
                cases.append(one)
            case .withheld(let why):
                #expect(one.expected == nil, "\(one.text.debugDescription) is left out: \(why)")
                #expect(why.utf8.allSatisfy { 0x20...0x7E ~= $0 })
            }
        }
        #expect(lines.count > 40_000 && lines.count < 90_000)
        for (shell, before) in [
            (["/bin/sh"], ""), (["/bin/bash"], "set -o history; set -H"), (["/bin/bash", "--posix"], ""),
        ] {
            let pasted = try PastedCommands(lines, shell: shell, before: before)
            #expect(pasted.errors == "")
            #expect(pasted.files == [])
            try #require(pasted.calls.count == lines.count)
            for (index, arguments) in pasted.calls.enumerated() {
                #expect(arguments.dropLast() == ["ec2", "verb", "--region", "us-east-1", "--option"])
                let last = try #require(arguments.last)
                #expect(
                    cases[index].expected?(last) == true,
                    "\(cases[index].text.debugDescription): \(last)"
                )
                // An option, or a file that the CLI would load.
                #expect(!last.hasPrefix("-") && !last.contains("://") || last.hasPrefix("["))
            }
        }
        #expect(try PastedCommands(lines, shell: ["/bin/sh", "-n"]).errors == "")
    }

    @Test("Every rule's commands, of records whose every text is hostile")
    func rules() throws {
        var hostile = HostileText(seed: 1)
        var alerts: [Alert] = []
        for number in 0..<400 { alerts += Self.alerts(number, &hostile) }
        let lines = alerts.flatMap(\.finding.remediation)
        let withheld = alerts.filter { $0.finding.message.contains(" A command is left out: ") }
        let verbs = Set(lines.compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) })
        #expect(
            verbs.isSuperset(of: [
                "modify-image-attribute", "terminate-instances", "create-tags", "delete-tags",
                "lookup-events",
                "replace-image-criteria-in-allowed-images-settings", "enable-allowed-images-settings",
                "enable-image-block-public-access",
            ]),
            "\(verbs)"
        )
        #expect(withheld.count > 100)
        #expect(lines.allSatisfy { $0.utf8.allSatisfy { 0x20...0x7E ~= $0 } })
        for shell in [["/bin/sh"], ["/bin/bash"]] {
            let pasted = try PastedCommands(lines, shell: shell)
            #expect(pasted.errors == "" && pasted.files == [])
            #expect(pasted.calls.count == lines.count)
            for arguments in pasted.calls {
                #expect(["ec2", "cloudtrail", "organizations"].contains(arguments[0]))
                let options = arguments.filter { $0.hasPrefix("-") }
                #expect(
                    options.count <= 3 && options.allSatisfy { Self.matches($0, "--[a-z-]+") },
                    "\(arguments)"
                )
                #expect(!options.contains { $0.hasPrefix("--cli") || $0.hasPrefix("--endpoint") })
            }
        }
    }

    /// What an engine says of one account in which everything that can be is hostile.
    private static func alerts(_ number: Int, _ hostile: inout HostileText) -> [Alert] {
        var policy = Policy()
        var entry = Policy.ApprovedImage()
        let (key, value) = (hostile.damaged("Role"), hostile.damaged("golden"))
        let (exactKey, exactValue) = (ExactText(key), ExactText(value))
        entry.tags = [exactKey: exactValue]
        policy.images.approved = [entry]
        policy.publishers = [Pattern(World.publisher)]
        policy.requiredTags = [.init(resource: .image, key: "\(hostile.text())x", requirement: .present)]
        var engine = Engine(policy: policy)
        var alerts: [Alert] = []
        let image = ResourceID(hostile.damaged("ami-0abcdef0000000001"))
        let instance = ResourceID(hostile.damaged("i-0abcdef0000000001"))
        let region = hostile.below(2) == 0 ? "us-east-1" : hostile.damaged("us-east-1")
        let arn = hostile.damaged(World.foreignOrganization)
        let unit = hostile.damaged(World.foreignUnit)
        let grantees: [Grantee] = [.everyone, .organization(arn), .organizationalUnit(unit)]
        let tag = TagChange(
            resources: [ExactText(image.description)],
            tags: [exactKey: ExactText(hostile.text())],
            deletes: false
        )
        let calls: [(String, Call)] = [
            (
                "CreateImage",
                .createImage(
                    ImageCreation(image: image, imageTags: number % 2 == 0 ? [exactKey: exactValue] : [:])
                )
            ),
            ("CreateTags", .changeTags(tag)),
            (
                "CreateTags",
                .changeTags(
                    TagChange(
                        resources: [ExactText(image.description)],
                        tags: [exactKey: exactValue],
                        deletes: false
                    )
                )
            ),
            (
                "ModifyImageAttribute",
                .modifyLaunchPermission(LaunchPermissionChange(image: image, added: grantees, removed: []))
            ),
            (
                "RunInstances",
                .runInstances(
                    InstanceLaunch(instances: [.init(id: instance, image: image)], requestedImage: nil)
                )
            ),
            ("EnableAllowedImagesSettings", .allowedImages(.enabled)),
            (
                "ReplaceImageCriteriaInAllowedImagesSettings",
                .imageCriteria([ImageCriterion(names: ["\(hostile.text())"])])
            ),
            ("ReplaceImageCriteriaInAllowedImagesSettings", .imageCriteria([ImageCriterion(names: ["*"])])),
            ("EnableAllowedImagesSettings", .allowedImages(.auditMode)),
            ("DisableAllowedImagesSettings", .allowedImages(.disabled)),
            ("DisableImageBlockPublicAccess", .blockPublicAccess(.unblocked)),
            ("RunInstances", .unreadable("\(hostile.text())")),
        ]
        // Where the hostile tag is left out, the approving one is added to none.
        for (index, (name, call)) in calls.enumerated() where index != 1 || number % 2 == 0 {
            let id = "00000000-0000-4000-8000-0000000000\(index + 10)"
            let record = Record(
                id: EventID(hostile.below(2) == 0 ? id : hostile.damaged(id)),
                account: World.owner,
                region: region,
                time: EventTime(seconds: World.base + Int64(number * 1000 + index * 60)),
                name: name,
                source: "ec2.amazonaws.com",
                actor: index == 0 ? World.actors[0] : World.actors[1],
                call: call
            )
            _ = engine.process(record, into: &alerts)
        }
        return alerts
    }

    @Test("A text that is its own end of quotes, the simplest")
    func escape() {
        let old = "x'\u{301};touch PWNED;echo '\u{301}"
        #expect(
            AWSCommand.ec2("create-tags", region: "us-east-1", "--tags", .tag("Approval", value: old))
                == .line(
                    #"aws ec2 create-tags --region us-east-1 --tags "#
                        + #"'[{"Key":"Approval","Value":"x\u0027\u0301;touch PWNED;echo \u0027\u0301"}]'"#
                )
        )
        #expect(
            AWSCommand.ec2(
                "x",
                region: "us-east-1",
                .image(ResourceID("--cli-input-json=file:///etc/passwd"))
            )
                == .withheld("the image id is malformed")
        )
        let names = (0..<200).map { ExactText("\($0)" + String(repeating: "'", count: 120)) }
        #expect(
            AWSCommand.ec2("x", region: "us-east-1", .criteria([ImageCriterion(names: names)]))
                == .withheld("it would be too long to paste")
        )
        #expect(
            AWSCommand.ec2("x", region: "us-east-1", .tag("Role", value: "golden"))
                == .line("aws ec2 x --region us-east-1 Key=Role,Value=golden")
        )
        #expect(
            AWSCommand.ec2("x", region: "us-east-1", .tag("Role", value: nil))
                == .line("aws ec2 x --region us-east-1 Key=Role")
        )
    }
}
