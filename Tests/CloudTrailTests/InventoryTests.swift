import CloudTrail
import CloudTrailTestSupport
import Testing

@Suite
struct InventoryTests {
    static let account = AccountID("111122223333") ?? .none
    static let time = EventTime("2026-01-02T03:04:05Z")

    static func read(
        _ text: String,
        account: AccountID? = account,
        region: ExactText? = "eu-west-1",
        time: EventTime? = time
    )
        throws -> InventoryReader.Output
    {
        try Array(text.utf8).withUnsafeBytes {
            try InventoryReader.read($0, options: .init(account: account, region: region, time: time))
        }
    }

    static func inventory(_ record: Record) -> Inventory? {
        if case .inventory(let inventory) = record.call { inventory } else { nil }
    }

    static let image =
        #"{"Architecture":"x86_64","CreationDate":"2025-01-01T00:00:00.000Z","ImageId":"ami-1","OwnerId":"111122223333","Public":false,"State":"disabled","Name":"golden","DeprecationTime":"2027-01-01T00:00:00.000Z","SourceInstanceId":"i-1","ProductCodes":[{"ProductCodeId":"abc","ProductCodeType":"marketplace"}],"Tags":[{"Key":"eventName","Value":"\"eventName\":\"A\""}]}"#

    @Test
    func images() throws {
        let foreign =
            #"{"ImageId":"ami-2","OwnerId":"137112412989","ImageOwnerAlias":"amazon","CreationDate":"2025-02-00T00:00:00.000Z","Architecture":"arm64"}"#
        for text in [
            "{\"Images\":[\(Self.image),\(foreign)]}", "[\(foreign),\(Self.image)]",
            "{\"Images\":[\(Self.image)]}\n{\"Images\":[\(foreign)]}", "[[\(Self.image)],[\(foreign)]]",
        ] {
            let output = try Self.read(text)
            let record = try #require(output.records.first)
            #expect(
                output.records.count == 1 && record.name == "DescribeImages"
                    && record.source == "ec2.amazonaws.com"
            )
            #expect(
                record.account == Self.account && record.region == "eu-west-1" && record.time == Self.time
            )
            #expect(record.id.description.hasPrefix("inventory/") && output.problems.count == 1)
            let images = try #require(Self.inventory(record)).images
            #expect(images.count == 2)
            #expect(images[0].tags == ["eventName": "\"eventName\":\"A\""] && images[0].isDisabled == true)
            #expect(
                images[0].productCodes == ["abc"] && images[0].deprecated == EventTime("2027-01-01T00:00:00Z")
            )
            #expect(
                images[0].sourceInstance == ResourceID("i-1") && images[0].isPublic == false
                    && images[0].ownerAlias == nil
            )
            #expect(images[1].ownerAlias == "amazon" && images[1].created == nil && images[1].tags == nil)
        }
        let undated = try Self.read("[\(Self.image)]", account: nil, region: nil, time: nil)
        #expect(undated.records.first.flatMap(Self.inventory)?.isDated == false)
        #expect(undated.records.first?.account == Self.account)
    }

    @Test
    func instances() throws {
        let instance =
            #"{"InstanceId":"i-1","ImageId":"ami-1","LaunchTime":"2026-01-01T00:00:00+00:00","Placement":{"AvailabilityZone":"us-west-2-lax-1a"},"State":{"Code":48,"Name":"terminated"}}"#
        let output = try Self.read(
            "{\"Reservations\":[{\"OwnerId\":\"444455556666\",\"ReservationId\":\"r\",\"Instances\":[\(instance)]}]}"
        )
        let record = try #require(output.records.first)
        #expect(
            record.account.description == "444455556666" && record.region == "us-west-2"
                && record.name == "DescribeInstances"
        )
        #expect(
            Self.inventory(record)?.instances == [
                .init(
                    id: ResourceID("i-1"),
                    account: record.account,
                    region: "us-west-2",
                    image: ResourceID("ami-1"),
                    launched: EventTime("2026-01-01T00:00:00Z"),
                    isTerminated: true
                )
            ]
        )
        #expect(try Self.read("[\(instance)]").records.first?.account == Self.account)
        let metadata =
            #"[{"InstanceId":"i-2","LaunchTime":"2025-02-00T12:46:03+00:00","AvailabilityZone":"us-east-1a","State":{"Name":"running"},"OwnerId":"123456789012","ImageMetadata":{"ImageId":"ami-3","Name":"al2023","OwnerId":"137112412989","State":"available","ImageOwnerAlias":"amazon","ImageAllowed":true,"IsPublic":true}}]"#
        for text in [metadata, "{\"InstanceImageMetadata\":\(metadata)}"] {
            let output = try Self.read(text, account: nil, region: nil)
            let inventory = try #require(output.records.first.flatMap(Self.inventory))
            #expect(
                output.records.count == 1 && output.problems.count == 1
                    && output.records[0].name == "DescribeInstanceImageMetadata"
            )
            #expect(
                inventory.instances.first?.launched == nil
                    && inventory.instances.first?.image == ResourceID("ami-3")
            )
            #expect(
                inventory.images.first?.ownerAlias == "amazon" && inventory.images.first?.isPublic == true
                    && inventory.images.first?.tags == nil
            )
        }
    }

    @Test
    func settings() throws {
        let allowed = try Self.read(
            #"{"State":"audit-mode","ImageCriteria":[{"ImageProviders":["amazon","099720109477"],"CreationDateCondition":{"MaximumDaysSinceCreated":30}}],"ManagedBy":"account"}"#
        )
        let inventory = try #require(allowed.records.first.flatMap(Self.inventory))
        #expect(inventory.allowedImages == .auditMode && inventory.managedBy == "account")
        #expect(
            inventory.imageCriteria == [
                .init(providers: ["amazon", "099720109477"], maximumDaysSinceCreated: 30)
            ]
        )
        let block = try Self.read(
            #"{"ImageBlockPublicAccessState":"block-new-sharing","ManagedBy":"account"}"#
        )
        #expect(block.records.first.flatMap(Self.inventory)?.blockPublicAccess == .blockNewSharing)
        for state in ["block-all-sharing", "block-new-sharing", "unblocked"] as [ExactText] {
            let told = try Self.read("{\"State\":\"\(state)\",\"ManagedBy\":\"account\"}")
            let inventory = told.records.first.flatMap(Self.inventory)
            #expect(inventory?.snapshotBlockPublicAccess == state && inventory?.managedBy == nil)
            #expect(inventory?.allowedImages == nil)
        }
        // What the audit of the Allowed AMIs setting asks for: --query 'State'.
        for state in AllowedImagesState.allCases {
            let output = try Self.read("\"\(state.rawValue)\"\n")
            let inventory = output.records.first.flatMap(Self.inventory)
            #expect(inventory?.allowedImages == state && inventory?.imageCriteria == nil)
        }
        let permissions = try Self.read(
            #"{"ImageId":"ami-1","LaunchPermissions":[{"UserId":"444455556666"},{"Group":"all"}]}"#
        )
        #expect(
            permissions.records.first.flatMap(Self.inventory)?.launchPermissions.first?.grantees.map(
                \.description
            ) == ["444455556666", "all"]
        )
        let page = { (id: String) in
            #"{"Accounts":[{"Id":"\#(id)","Arn":"arn:aws:organizations::111111111111:account/o-exampleorgid/\#(id)","Status":"ACTIVE"}]}"#
        }
        let members = try Self.read(
            page("333333333333") + page("111111111111") + page("222222222222"),
            account: nil,
            region: nil
        )
        let record = try #require(members.records.first)
        #expect(
            record.source == "organizations.amazonaws.com" && record.account.description == "111111111111"
        )
        #expect(
            Self.inventory(record)?.members?.map(\.description)
                == ["111111111111", "222222222222", "333333333333"]
        )
        #expect(Self.inventory(record)?.organization == "o-exampleorgid" && members.problems.isEmpty)
    }

    /// What a document does not say, or says in a way that nobody can read, stays unknown.
    @Test
    func silenceIsNoAnswer() throws {
        func image(_ members: String) throws -> Inventory.Image {
            let output = try Self.read(#"[{"ImageId":"ami-1","OwnerId":"111122223333"\#(members)}]"#)
            return try #require(output.records.first.flatMap(Self.inventory)?.images.first)
        }
        let whole = #","State":"available","Public":false,"Architecture":"arm64""#
        #expect(try image(whole).isNeverDeprecated && image(whole).tellsOwnerAlias)
        #expect(try image(whole).productCodes == [])
        #expect(try image(#","State":"available","IsPublic":true"#).isNeverDeprecated)
        // Of a projection nothing follows from silence, unless it shows the key.
        for cut in ["", #","Architecture":"arm64""#, #","State":"available","Architecture":"arm64""#] {
            let image = try image(cut)
            #expect(!image.isNeverDeprecated && !image.tellsOwnerAlias && image.productCodes == nil, "\(cut)")
        }
        let shown = try image(#","ImageOwnerAlias":null,"DeprecationTime":null"#)
        #expect(shown.isNeverDeprecated && shown.tellsOwnerAlias)
        #expect(try !image("").isNeverDeprecated)
        for date in ["2027-01-01T00:00:00.000Z", "2025-02-00T00:00:00.000Z"] {
            #expect(try !image(whole + #","DeprecationTime":"\#(date)""#).isNeverDeprecated, "\(date)")
        }
        for (state, isDisabled) in [("available", false), ("pending", false), ("disabled", true)] {
            #expect(try image(#","State":"\#(state)""#).isDisabled == isDisabled)
        }
        for state in ["deregistered", "invalid", "failed", "transient", "error"] {
            #expect(try image(#","State":"\#(state)""#).isDisabled == nil, "\(state)")
        }
        let settings = try Self.read(
            #"{"State":"enabled","ImageCriteria":[{"ImageProviders":["amazon"]},{"ImageProviders":[{}]}]}"#
        )
        let inventory = try #require(settings.records.first.flatMap(Self.inventory))
        #expect(inventory.allowedImages == .enabled && inventory.imageCriteria == nil)
        #expect(settings.problems.count == 1)
    }

    @Test
    func refusals() {
        for (text, account) in [
            ("{\"Things\":[]}", Self.account), ("", Self.account), ("nonsense", Self.account),
            ("[{]", Self.account), ("\"nonsense\"", Self.account),
        ] {
            #expect(throws: InventoryReader.Failure.self) { try Self.read(text, account: account) }
        }
        // Images and snapshots have block public access, and the word alone does not say whose it is.
        for word in ["unblocked", "block-new-sharing", "block-all-sharing"] {
            #expect(throws: InventoryReader.Failure.ambiguousWord(word, offset: 0)) {
                try Self.read("\"\(word)\"")
            }
        }
        #expect(throws: InventoryReader.Failure.missing(option: "region", action: "GetAllowedImagesSettings"))
        {
            try Self.read(#"{"State":"enabled","ImageCriteria":[]}"#, region: nil)
        }
    }

    @Test(
        "What nothing can be taken from is refused, with what to do instead",
        arguments: [
            (
                #"{"LaunchTemplateVersions":[{"LaunchTemplateId":"lt-1"}]}"#,
                "describe-launch-template-versions", "own image"
            ),
            (#"[{"LaunchTemplateId":"lt-1"}]"#, "describe-launch-template-versions", "own image"),
            (#"{"Parents":[{"Id":"r-ab12","Type":"ROOT"}]}"#, "organizations list-parents", "names no child"),
            (
                #"{"Children":[{"Id":"111122223333","Type":"ACCOUNT"}]}"#, "organizations list-children",
                "names no parent"
            ),
            (
                #"{"OrganizationalUnits":[{"Id":"ou-ab12-cdef3456"}]}"#,
                "organizations list-organizational-units-for-parent", "names no parent"
            ),
        ]
    )
    func useless(_ text: String, _ command: String, _ why: String) throws {
        let failure = #expect(throws: InventoryReader.Failure.self) { try Self.read(text) }
        guard case .useless(command, let advice)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(advice.contains(why))
        #expect(command.hasPrefix("describe-") || advice.contains("organization.parents"))
        #expect(failure?.text.hasPrefix("nothing is taken from what \(command) prints: ") == true)
    }

    @Test("An organization tells its management account, and its roots which policies are in force")
    func organizations() throws {
        let organization =
            #"{"Id":"o-x","Arn":"arn:aws:organizations::111111111111:organization/o-x","MasterAccountId":"111111111111"}"#
        for text in ["{\"Organization\":\(organization)}", organization] {
            let output = try Self.read(text, account: nil, region: nil)
            let record = try #require(output.records.first)
            #expect(output.records.count == 1 && output.problems.isEmpty)
            #expect(record.name == "DescribeOrganization" && record.account.description == "111111111111")
            #expect(record.source == "organizations.amazonaws.com" && record.region == "us-east-1")
            let inventory = try #require(Self.inventory(record))
            #expect(inventory.organization == "o-x" && inventory.members == nil)
            #expect(inventory.someMembers.map(\.description) == ["111111111111"])
        }
        func root(_ types: String) -> String {
            #"{"Roots":[{"Id":"r-ab12","Arn":"arn:aws:organizations::111111111111:root/o-x/r-ab12","Name":"Root","PolicyTypes":[\#(types)]}]}"#
        }
        for (types, isOn) in [
            ("", false), (#"{"Type":"SERVICE_CONTROL_POLICY","Status":"ENABLED"}"#, false),
            (
                #"{"Type":"TAG_POLICY","Status":"ENABLED"},{"Type":"DECLARATIVE_POLICY_EC2","Status":"ENABLED"}"#,
                true
            ),
        ] {
            let output = try Self.read(root(types), account: nil, region: nil)
            let record = try #require(output.records.first)
            #expect(record.name == "ListRoots" && record.account.description == "111111111111")
            #expect(record.source == "organizations.amazonaws.com" && output.problems.isEmpty)
            #expect(Self.inventory(record)?.roots == [.init(id: "r-ab12", hasDeclarativePolicies: isOn)])
            #expect(Self.inventory(record)?.members == nil && Self.inventory(record)?.someMembers == [])
        }
        let pending = try Self.read(root(#"{"Type":"DECLARATIVE_POLICY_EC2","Status":"PENDING_ENABLE"}"#))
        #expect(pending.records.isEmpty && pending.problems.count == 1)
    }

    @Test("A list of accounts that is not whole makes nobody a stranger")
    func cutLists() throws {
        func page(_ id: String, _ more: String = "") -> String {
            #"{"Accounts":[{"Id":"\#(id)","Arn":"arn:aws:organizations::111111111111:account/o-x/\#(id)"}]\#(more)}"#
        }
        let more = #","NextToken":"abc""#
        /// The accounts that are members, of a list of which nothing follows for others.
        func some(_ text: String, because why: String) throws -> [String] {
            let output = try Self.read(text)
            let inventory = try #require(output.records.first.flatMap(Self.inventory))
            #expect(output.records.count == 1 && inventory.members == nil && inventory.organization == "o-x")
            #expect(
                output.problems.count == 1 && output.problems.first?.contains(why) == true,
                "\(output.problems)"
            )
            return inventory.someMembers.map(\.description)
        }
        #expect(try some(page("111111111111", more), because: "NextToken") == ["111111111111"])
        let whole = try Self.read(page("111111111111", more) + page("222222222222"))
        #expect(whole.problems.isEmpty)
        #expect(whole.records.first.flatMap(Self.inventory)?.members?.count == 2)
        let listed = "[\(page("111111111111", more)),\(page("222222222222", more))]"
        #expect(try some(listed, because: "NextToken") == ["111111111111", "222222222222"])
        // What list-accounts-for-parent prints of a unit; and of a root.
        let unit = page("333333333333") + page("222222222222")
        #expect(
            try some(unit, because: "lacks the management account 111111111111")
                == ["222222222222", "333333333333"]
        )
        #expect(
            try some(page("111111111111"), because: "the management account 111111111111 alone")
                == ["111111111111"]
        )
        let nameless = try Self.read(#"{"Accounts":[{"Id":"222222222222"},{"Id":"111122223333"}]}"#)
        #expect(nameless.records.isEmpty && nameless.problems.count == 1)
        #expect(nameless.problems.first?.contains("without an Arn") == true)
    }

    @Test
    func messagesComeBackAsTheyWere() throws {
        let some =
            #"{"Accounts":[{"Id":"222222222222","Arn":"arn:aws:organizations::111111111111:account/o-x/222222222222"}]}"#
        let members =
            some
            + #"{"Accounts":[{"Id":"111111111111","Arn":"arn:aws:organizations::111111111111:account/o-x/111111111111"}]}"#
        let root =
            #"{"Roots":[{"Id":"r-ab12","Arn":"arn:aws:organizations::111111111111:root/o-x/r-ab12","PolicyTypes":[]}]}"#
        let permissions =
            #"{"ImageId":"ami-1","LaunchPermissions":[{"UserId":"444455556666"},{"OrganizationArn":"arn:o"},{"OrganizationalUnitArn":"arn:ou"},{"Group":"all"}]}"#
        let snapshot =
            #"{"SnapshotId":"snap-1","CreateVolumePermissions":[{"UserId":"444455556666"},{"Group":"all"}]}"#
        let settings =
            #"{"State":"enabled","ImageCriteria":[{"ImageNames":["a\"b"],"MarketplaceProductCodes":["c"],"Other":{"z":[1,2.5,null]}}]}"#
        let instances =
            #"{"Reservations":[{"OwnerId":"111122223333","Instances":[{"InstanceId":"i-1","ImageId":"ami-1","Placement":{"AvailabilityZone":"eu-west-1b"},"State":{"Name":"running"}}]}]}"#
        for text in [
            "[\(Self.image)]", members, some, root, permissions, snapshot, settings, instances,
            #"{"ImageBlockPublicAccessState":"unblocked"}"#,
        ] {
            let record = try #require(try Self.read(text).records.first)
            let message = try #require(InventoryMessage.encode(record))
            for validation in Validation.allCases {
                let gathered = RecordReader(validate: validation).gather(message: message)
                #expect(
                    gathered.records == [record] && gathered.bare == [message],
                    "\(gathered.letters.map(\.text))"
                )
            }
        }
    }

    @Test
    func whatTheInstancesOfTwoAccountsTellIsTwoRecords() throws {
        func instance(_ account: String) -> String {
            "{\"OwnerId\":\"\(account)\",\"Instances\":[{\"InstanceId\":\"i-\(account)\",\"ImageId\":\"ami-1\"}]}"
        }
        let output = try Self.read(
            "{\"Reservations\":[\(instance("111122223333")),\(instance("444455556666"))]}"
        )
        #expect(output.records.map(\.account.description) == ["111122223333", "444455556666"])
        // A message that nobody here has written: its second account would never hear of it.
        let mixed =
            #"{"amiwatch.inventory":1,"id":"inventory/1","account":"111122223333","region":"eu-west-1","time":"2026-01-02T03:04:05Z","name":"DescribeInstances","source":"ec2.amazonaws.com","dated":true,"instances":[{"id":"i-1","account":"444455556666","image":"ami-1"}]}"#
        let gathered = RecordReader().gather(message: Array(mixed.utf8))
        #expect(gathered.records.isEmpty)
        #expect(gathered.letters.map(\.reason) == [.wrongType])
    }

    @Test
    func largeInventoriesAreSeveralRecords() throws {
        let many = (0..<1201).map { "{\"ImageId\":\"ami-\($0)\",\"OwnerId\":\"111122223333\"}" }
        let output = try Self.read("[" + many.joined(separator: ",") + "]")
        #expect(output.records.count == 3)
        #expect(Set(output.records.map(\.id)).count == 3)
        #expect(output.records.compactMap(Self.inventory).map(\.images.count).reduce(0, +) == 1201)
    }
}
