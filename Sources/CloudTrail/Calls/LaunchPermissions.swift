// The calls that share images.

extension WatchedCall {
    /// Shares an image, or changes something else about it.
    public static let modifyImageAttribute = WatchedCall("ModifyImageAttribute", modifiedAttribute)
    /// Ends all shares of an image.
    public static let resetImageAttribute = WatchedCall("ResetImageAttribute", resetAttribute)
    /// Gives up the permission to use somebody else's image.
    public static let cancelImageLaunchPermission = WatchedCall(
        "CancelImageLaunchPermission",
        ofImage: Call.cancelLaunchPermission
    )

    /// Only a change of launch permissions tells anything.
    private static func modifiedAttribute(_ parameters: Parameters) throws(Unreadable) -> Call {
        guard let request = try parameters.requestFields() else {
            throw Unreadable("requestParameters are empty")
        }
        let attribute = (request.field("attributeType") ?? request.field("attribute"))?.plain
        let permission = request.field("launchPermission")
        if let attribute, !isLaunchPermission(attribute) { return .nothing }
        let added: JSONList
        let removed: JSONList
        if let permission, permission.isObject,
            permission.field("add") != nil || permission.field("remove") != nil
        {
            added = permission.field("add").list
            removed = permission.field("remove").list
        } else if let operation = request.field("operationType")?.plain {
            // The form with an operation and plain lists, which no known record has.
            guard operation == "add" || operation == "remove" else {
                throw Unreadable("unknown operation \(operation)")
            }
            return .modifyLaunchPermission(
                try legacyChange(request, parameters, adds: operation == "add")
            )
        } else {
            if attribute == nil, permission == nil { return try otherAttribute(request) }
            throw Unreadable("launchPermission is missing or of an unknown shape")
        }
        var change = LaunchPermissionChange(image: try parameters.requestedImage(), added: [], removed: [])
        var unread = UnreadGrantees()
        change.added = Grantee.list(added, &unread)
        var unreadRemoval = UnreadGrantees()
        change.removed = Grantee.list(removed, &unreadRemoval)
        if !parameters.failed {
            if let reason = unread.reason, change.added.isEmpty, change.removed.isEmpty {
                throw Unreadable(reason)
            }
            (change.unread, change.unreadRemoval) = (unread.reason, unreadRemoval.reason)
        }
        return .modifyLaunchPermission(change)
    }

    private static func isLaunchPermission(_ attribute: String) -> Bool {
        attribute == "launchPermission"
            || attribute.utf8.lazy.filter { $0 != 0x5F }.map { $0 | 0x20 }.elementsEqual(
                "launchpermission".utf8
            )
    }

    /// Without the name of the attribute its value has the attribute's name.
    private static func otherAttribute(_ request: JSONValue) throws(Unreadable) -> Call {
        for name in ["description", "productCodes", "productCode", "imdsSupport", "bootMode", "value"]
            as [StaticString]
        where request.field(name) != nil {
            return .nothing
        }
        throw Unreadable("attributeType is missing")
    }

    private static func legacyChange(
        _ request: JSONValue,
        _ parameters: Parameters,
        adds: Bool
    )
        throws(Unreadable) -> LaunchPermissionChange
    {
        var grantees: Set<Grantee> = []
        var unread = UnreadGrantees()
        func take(
            _ names: [StaticString],
            _ inner: StaticString,
            _ make: (JSONValue) -> Grantee?
        ) {
            for name in names {
                for item in request.field(name).list {
                    if let grantee = make(item.field(inner) ?? item) {
                        grantees.insert(grantee)
                    } else {
                        unread.note(item)
                    }
                }
            }
        }
        take(["userIdSet", "userIds", "userId"], "userId") { $0.account.map { .account($0) } }
        take(["userGroupSet", "userGroups", "userGroup"], "group") { $0.plain == "all" ? .everyone : nil }
        take(["organizationArnSet", "organizationArns", "organizationArn"], "organizationArn") {
            $0.plain.map { .organization($0) }
        }
        take(
            ["organizationalUnitArnSet", "organizationalUnitArns", "organizationalUnitArn"],
            "organizationalUnitArn"
        ) { $0.plain.map { .organizationalUnit($0) } }
        guard !grantees.isEmpty || (!adds && unread.reason != nil) else {
            throw Unreadable(unread.reason ?? "no grantee is named")
        }
        let reason = parameters.failed ? nil : unread.reason
        let sorted = grantees.sorted { $0.description.bytesPrecede($1.description) }
        return LaunchPermissionChange(
            image: try parameters.requestedImage(),
            added: adds ? sorted : [],
            removed: adds ? [] : sorted,
            unread: adds ? reason : nil,
            unreadRemoval: adds ? nil : reason
        )
    }

    /// There is no other attribute than the launch permissions.
    private static func resetAttribute(_ parameters: Parameters) throws(Unreadable) -> Call {
        let request = try parameters.requestFields()
        guard let attribute = (request?.field("attributeType") ?? request?.field("attribute"))?.plain else {
            throw Unreadable("attributeType is missing")
        }
        guard isLaunchPermission(attribute) else { return .nothing }
        return .resetLaunchPermission(try parameters.requestedImage())
    }
}

extension Grantee {
    /// Reads launch permissions: each is one of four members.
    ///
    /// Those that cannot be read are left out, and noted.
    static func list(_ items: some Sequence<JSONValue>, _ unread: inout UnreadGrantees) -> [Grantee] {
        var grantees: Set<Grantee> = []
        for item in items {
            var isKnown = false
            var isReadable = true
            for (key, value) in item.members {
                if key.isField("userId") {
                    isKnown = true
                    if let account = value.account {
                        grantees.insert(.account(account))
                    } else {
                        isReadable = false
                    }
                } else if key.isField("group") {
                    isKnown = true
                    if value.plain == "all" { grantees.insert(.everyone) } else { isReadable = false }
                } else if key.isField("organizationArn") {
                    isKnown = true
                    if let arn = value.plain {
                        grantees.insert(.organization(arn))
                    } else {
                        isReadable = false
                    }
                } else if key.isField("organizationalUnitArn") {
                    isKnown = true
                    if let arn = value.plain {
                        grantees.insert(.organizationalUnit(arn))
                    } else {
                        isReadable = false
                    }
                }
            }
            if !(isKnown && isReadable) { unread.note(item) }
        }
        return grantees.sorted { $0.description.bytesPrecede($1.description) }
    }
}

/// Grantees that are none of those that AWS knows, as they are written.
struct UnreadGrantees {
    private var shown: [String] = []
    private var count = 0

    private static let most = 3
    private static let length = 120

    mutating func note(_ item: JSONValue) {
        count += 1
        guard shown.count < Self.most else { return }
        let text = item.canonical
        let cut = text.unicodeScalars.prefix(Self.length)
        shown.append(cut.endIndex < text.endIndex ? "\(String(cut))…" : text)
    }

    /// What cannot be read, for people; nil when there is nothing.
    var reason: ExactText? {
        guard count > 0 else { return nil }
        let more = count > shown.count ? ", and \(count - shown.count) more" : ""
        return "a grantee of an unknown shape: \(shown.joined(separator: ", "))\(more)"
    }
}

extension JSONValue {
    /// An account id, also as a number or in its `content` wrapper.
    var account: AccountID? {
        isObject ? AccountID(member("content")) : AccountID(self)
    }
}
