extension InventoryReader {
    /// Takes one document: told by its members, a list by those of its first element.
    mutating func take(_ document: JSONValue, at offset: Int) throws(Failure) {
        let lists: [StaticString] = [
            "Images", "Reservations", "InstanceImageMetadata", "Accounts", "LaunchPermissions",
            "CreateVolumePermissions", "Roots",
        ]
        guard lists.allSatisfy({ document.member($0)?.isArray ?? true }) else {
            throw .unknownDocument(offset: offset, expected: Self.expected)
        }
        if let word = document.text?.string {
            try takeState(word, at: offset)
        } else if document.isArray {
            for element in document.elements { try takeElement(element, of: document, at: offset) }
        } else if let images = document.member("Images") {
            for image in images.elements { try takeImage(image, "DescribeImages", account: nil, region: nil) }
        } else if let reservations = document.member("Reservations") {
            for reservation in reservations.elements { try takeReservation(reservation) }
        } else if let instances = document.member("InstanceImageMetadata") {
            for instance in instances.elements { try takeInstance(instance, owner: nil) }
        } else if document.member("Instances") != nil, document.member("ReservationId") != nil {
            try takeReservation(document)
        } else if let useless = Self.useless(document) {
            throw useless
        } else if let accounts = document.member("Accounts") {
            for account in accounts.elements { try takeMember(account) }
            // The page after this one, if it was printed, has the rest.
            isListOfAccountsCut = document.member("NextToken").map { !$0.isNull } ?? false
        } else if let organization = document.member("Organization") {
            try takeOrganization(organization)
        } else if let roots = document.member("Roots") {
            for root in roots.elements { try takeRoot(root) }
        } else if let permissions = document.member("LaunchPermissions") {
            try takePermissions(permissions, of: document)
        } else if let permissions = document.member("CreateVolumePermissions") {
            try takeSnapshotPermissions(permissions, of: document)
        } else if document.member("ImageBlockPublicAccessState") != nil {
            try takeBlockPublicAccess(document)
        } else if let state = document.exact("State"), WatchedCall.snapshotStates.contains(state) {
            try add("GetSnapshotBlockPublicAccessState", options.account, options.region) {
                $0.snapshotBlockPublicAccess = state
            }
        } else if document.member("State")?.isString == true,
            document.member("ImageCriteria") != nil || document.member("ManagedBy") != nil
                || document.string("State").flatMap({ AllowedImagesState(rawValue: $0) }) != nil
        {
            try takeAllowedImages(document)
        } else {
            // What --query leaves of a page with one thing in it.
            try takeElement(document, of: document, at: offset)
        }
    }

    private mutating func takeElement(
        _ element: JSONValue,
        of document: JSONValue,
        at offset: Int
    )
        throws(Failure)
    {
        if element.isArray {
            for inner in element.elements { try takeElement(inner, of: document, at: offset) }
        } else if element.member("Instances") != nil {
            try takeReservation(element)
        } else if element.member("InstanceId") != nil {
            try takeInstance(element, owner: nil)
        } else if let useless = Self.useless(element) {
            throw useless
        } else if element.member("MasterAccountId") != nil {
            try takeOrganization(element)
        } else if element.member("PolicyTypes") != nil {
            try takeRoot(element)
        } else if element.member("ImageId") != nil, element.member("ImageAttribute") == nil {
            if let permissions = element.member("LaunchPermissions") {
                try takePermissions(permissions, of: element)
            } else {
                try takeImage(element, "DescribeImages", account: nil, region: nil)
            }
        } else if element.string("Arn").map(Self.isOfOrganizations) == true, element.member("Id") != nil {
            try takeMember(element)
        } else if element.member("Images") != nil || element.member("Reservations") != nil
            || element.member("InstanceImageMetadata") != nil || element.member("Accounts") != nil
            || element.member("Roots") != nil
        {
            try take(element, at: offset)  // pages gathered in a list
        } else {
            throw .unknownDocument(offset: offset, expected: Self.expected)
        }
    }

    /// Why nothing can be taken from a document of a known kind; nil when something can.
    private static func useless(_ document: JSONValue) -> Failure? {
        func has(_ name: StaticString) -> Bool { document.member(name) != nil }
        let parents = "write what is in what into organization.parents of the policy"
        if has("LaunchTemplateVersions") || has("LaunchTemplateId") {
            return .useless(
                command: "describe-launch-template-versions",
                advice: "templates are judged by the calls that change them, and launches by their own image"
            )
        }
        if has("Parents") {
            return .useless(command: "organizations list-parents", advice: "it names no child; \(parents)")
        }
        if has("Children") || has("OrganizationalUnits") {
            let command = has("Children") ? "list-children" : "list-organizational-units-for-parent"
            return .useless(command: "organizations \(command)", advice: "it names no parent; \(parents)")
        }
        return nil
    }

    // MARK: images

    private mutating func takeImage(
        _ value: JSONValue,
        _ action: String,
        account: AccountID?,
        region: ExactText?
    )
        throws(Failure)
    {
        guard let id = value.string("ImageId") else { return report("an image without ImageId") }
        let isWhole = Self.isWhole(value)
        let isDescription = isWhole && value.member("Architecture") != nil
        var image = Inventory.Image(id: ResourceID(id))
        image.owner = AccountID(value.member("OwnerId"))
        image.ownerAlias = value.exact("ImageOwnerAlias")
        image.tellsOwnerAlias = isWhole || value.member("ImageOwnerAlias") != nil
        image.name = value.exact("Name")
        image.created = date(value, "CreationDate", of: id)
        image.deprecated = date(value, "DeprecationTime", of: id)
        let deprecation = value.member("DeprecationTime")
        image.isNeverDeprecated = deprecation?.isNull ?? isWhole
        if let codes = value.member("ProductCodes") {
            image.productCodes = codes.elements.compactMap {
                $0.exact("ProductCodeId") ?? $0.text?.nonEmptyString.map { ExactText($0) }
            }
        } else if isDescription {
            image.productCodes = []
        }
        image.sourceImage = value.string("SourceImageId").map { ResourceID($0) }
        image.sourceInstance = value.string("SourceInstanceId").map { ResourceID($0) }
        image.snapshots =
            value.member("BlockDeviceMappings")?.elements.compactMap { $0.member("Ebs")?.exact("SnapshotId") }
            .sortedOnce ?? []
        image.isPublic = (value.member("Public") ?? value.member("IsPublic"))?.bool
        switch value.string("State") {
        case "disabled": image.isDisabled = true
        case "available", "pending": image.isDisabled = false
        default: break
        }
        image.tags = tags(value, owner: image.owner, isDescription: isDescription)
        try add(action, account ?? options.account ?? image.owner, region ?? options.region ?? "") {
            $0.images.append(image)
        }
    }

    /// Whether an image is shown as AWS prints it, with the keys that it always has: of one that `--query` has cut nothing
    /// follows from silence, but for a key that is there and null.
    private static func isWhole(_ image: JSONValue) -> Bool {
        image.member("OwnerId") != nil && image.member("State") != nil
            && (image.member("Public") ?? image.member("IsPublic")) != nil
    }

    /// The owner's whole tags.
    ///
    /// AWS shows nobody else any: without an account no tags may be such a silence.
    private func tags(
        _ image: JSONValue,
        owner: AccountID?,
        isDescription: Bool
    ) -> [ExactText: ExactText]? {
        let listed = image.member("Tags")
        var tags: [ExactText: ExactText] = [:]
        for tag in listed?.elements ?? image.elements {
            if let key = tag.string("Key") {
                tags[ExactText(key)] = ExactText(tag.member("Value")?.scalar ?? "")
            }
        }
        if !tags.isEmpty { return tags }
        guard let account = options.account, account == owner,
            listed != nil || isDescription
        else { return nil }
        return tags
    }

    private mutating func takePermissions(_ list: JSONValue, of document: JSONValue) throws(Failure) {
        guard let id = document.string("ImageId") else { return report("launch permissions without ImageId") }
        let permissions = Inventory.LaunchPermissions(image: ResourceID(id), grantees: grantees(list, of: id))
        try add("DescribeImageAttribute", options.account, options.region ?? "") {
            $0.launchPermissions.append(permissions)
        }
    }

    private mutating func takeSnapshotPermissions(
        _ list: JSONValue,
        of document: JSONValue
    ) throws(Failure) {
        guard let id = document.string("SnapshotId") else {
            return report("create volume permissions without SnapshotId")
        }
        let permissions = Inventory.SnapshotPermissions(
            snapshot: ResourceID(id),
            grantees: grantees(list, of: id)
        )
        try add("DescribeSnapshotAttribute", options.account, options.region) {
            $0.snapshotPermissions.append(permissions)
        }
    }

    private mutating func grantees(_ list: JSONValue, of id: String) -> [Grantee] {
        var unread = UnreadGrantees()
        let grantees = Grantee.list(list.elements, &unread)
        if let reason = unread.reason { report("\(id): \(reason)") }
        return grantees
    }

    // MARK: instances

    private mutating func takeReservation(_ reservation: JSONValue) throws(Failure) {
        let owner = AccountID(reservation.member("OwnerId"))
        for instance in reservation.member("Instances")?.elements ?? reservation.elements {
            try takeInstance(instance, owner: owner)
        }
    }

    private mutating func takeInstance(_ value: JSONValue, owner: AccountID?) throws(Failure) {
        guard let id = value.string("InstanceId") else { return report("an instance without InstanceId") }
        let metadata = value.member("ImageMetadata")
        let account =
            AccountID(value.member("OwnerId")) ?? owner ?? AccountID(value.networkOwner) ?? options.account
        let zone = value.string("AvailabilityZone") ?? value.member("Placement")?.string("AvailabilityZone")
        let region = zone.flatMap { Self.region(ofZone: $0) } ?? options.region
        let state = value.member("State")?.string("Name") ?? value.string("State")
        let instance = Inventory.Instance(
            id: ResourceID(id),
            account: account,
            region: region,
            image: (metadata?.string("ImageId") ?? value.string("ImageId")).map { ResourceID($0) },
            launched: date(value, "LaunchTime", of: id),
            isTerminated: state == "terminated" || state == "shutting-down"
        )
        let action = metadata == nil ? "DescribeInstances" : "DescribeInstanceImageMetadata"
        try add(action, account, region ?? "") { $0.instances.append(instance) }
        if let metadata { try takeImage(metadata, action, account: account, region: region ?? "") }
    }

    /// `us-east-1a`, `us-west-2-lax-1a` (a local zone), `us-east-1-wl1-bos-wlz-1` (a wavelength zone): the Region ends
    /// with the first number.
    static func region(ofZone zone: String) -> ExactText? {
        func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
        let bytes = zone.utf8
        guard let digit = bytes.firstIndex(where: isDigit), digit > bytes.startIndex else { return nil }
        let end = bytes[digit...].firstIndex { !isDigit($0) } ?? bytes.endIndex
        return ExactText(String(zone[..<end]))
    }

    // MARK: settings and members

    private mutating func takeAllowedImages(_ document: JSONValue) throws(Failure) {
        let state = document.string("State")
        let known = state.flatMap { AllowedImagesState(rawValue: $0) }
        if known == nil { report("unknown State of Allowed AMIs: \(state ?? "none")") }
        let managedBy = document.exact("ManagedBy")
        let list = document.member("ImageCriteria").flatMap { criteria($0) }
        try add("GetAllowedImagesSettings", options.account, options.region) {
            $0.allowedImages = known
            $0.imageCriteria = list
            $0.managedBy = managedBy
        }
    }

    /// The whole list: without one of its criteria it would be another one.
    private mutating func criteria(_ list: JSONValue) -> [ImageCriterion]? {
        do throws(Unreadable) {
            var criteria: [ImageCriterion] = []
            for item in list.elements { criteria.append(try ImageCriterion(item)) }
            return criteria
        } catch {
            report("ImageCriteria: \(error.reason)")
            return nil
        }
    }

    /// What `--query State` leaves.
    private mutating func takeState(_ word: String, at offset: Int) throws(Failure) {
        if let state = AllowedImagesState(rawValue: word) {
            try add("GetAllowedImagesSettings", options.account, options.region) { $0.allowedImages = state }
        } else if BlockPublicAccessState(rawValue: word) != nil
            || WatchedCall.snapshotStates.contains(ExactText(word))
        {
            throw .ambiguousWord(word, offset: offset)
        } else {
            throw .unknownDocument(offset: offset, expected: Self.expected)
        }
    }

    private mutating func takeBlockPublicAccess(_ document: JSONValue) throws(Failure) {
        let state = document.string("ImageBlockPublicAccessState")
        let known = state.flatMap { BlockPublicAccessState(rawValue: $0) }
        if known == nil { report("unknown ImageBlockPublicAccessState: \(state ?? "none")") }
        try add("GetImageBlockPublicAccessState", options.account, options.region) {
            $0.blockPublicAccess = known
        }
    }

    private static func isOfOrganizations(_ arn: String) -> Bool {
        arn.utf8.split(separator: 0x3A, omittingEmptySubsequences: false).dropFirst(2)
            .starts(with: ["organizations", ""]) { $0.elementsEqual($1.utf8) }
    }

    /// One account of `list-accounts`; its ARN names the management account and the organization.
    private mutating func takeMember(_ value: JSONValue) throws(Failure) {
        guard let id = AccountID(value.member("Id")) else { return report("an account without a usable Id") }
        let (management, organization) = Self.organization(ofArn: value)
        try add("ListAccounts", management ?? options.account, "us-east-1") {
            $0.members = ($0.members ?? []) + [id]
            $0.organization = organization ?? $0.organization
        }
    }

    /// The management account and the organization that the ARN of anything in it names.
    private static func organization(
        ofArn value: JSONValue
    ) -> (management: AccountID?, organization: ExactText?) {
        let arn = value.string("Arn")?.utf8.split(separator: 0x3A) ?? []
        let management = arn.dropFirst(3).lazy.compactMap { AccountID(utf8: $0) }.first
        let organization = arn.last?.split(separator: 0x2F).first { $0.starts(with: "o-".utf8) }
            .map { ExactText(String(Substring($0))) }
        return (management, organization)
    }

    /// What `describe-organization` prints: of its accounts it names the one that manages it.
    private mutating func takeOrganization(_ value: JSONValue) throws(Failure) {
        guard let id = value.exact("Id"), let management = AccountID(value.member("MasterAccountId")) else {
            return report("an organization without Id and MasterAccountId")
        }
        try add("DescribeOrganization", management, "us-east-1") {
            ($0.organization, $0.someMembers) = (id, [management])
        }
    }

    /// One root of `list-roots`, which shows the types of policies that are on or on their way.
    private mutating func takeRoot(_ value: JSONValue) throws(Failure) {
        guard let id = value.exact("Id"), let types = value.member("PolicyTypes"), types.isArray else {
            return report("a root without Id and PolicyTypes")
        }
        let (management, organization) = Self.organization(ofArn: value)
        let type = types.elements.first {
            ["DECLARATIVE_POLICY_EC2", "EC2_POLICY"].contains($0.string("Type"))
        }
        let status = type?.string("Status")
        guard type == nil || status == "ENABLED" else {
            return report(
                "\(id): EC2 declarative policies are \(status ?? "in no known state"); ask again later"
            )
        }
        try add("ListRoots", management ?? options.account, "us-east-1") {
            $0.organization = organization ?? $0.organization
            $0.roots.append(.init(id: id, hasDeclarativePolicies: type != nil))
        }
    }

    // MARK: values

    private mutating func date(_ value: JSONValue, _ name: StaticString, of id: String) -> EventTime? {
        guard let text = value.string(name), !text.isEmpty else { return nil }
        let time = EventTime(text)
        if time == nil { report("\(id): \(name) \(text) is not a valid date") }
        return time
    }

    private mutating func report(_ problem: String) { problems.append(problem) }
}

extension JSONValue {
    fileprivate func string(_ key: StaticString) -> String? { member(key)?.text?.nonEmptyString }

    fileprivate func exact(_ key: StaticString) -> ExactText? { string(key).map { ExactText($0) } }

    /// The account of an instance's first network interface: the only place where a bare instance says it.
    fileprivate var networkOwner: JSONValue? {
        member("NetworkInterfaces")?.elements.first { _ in true }?.member("OwnerId")
    }
}
