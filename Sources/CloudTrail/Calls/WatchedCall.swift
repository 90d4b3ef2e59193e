/// A call that amiwatch watches, or an event that a service tells of itself: a row.
///
/// It is declared beside the function that reads its parameters, and stands in `allCases`, which feeds the prefilter.
/// A class, for there is one instance of each.
public final class WatchedCall: Sendable, CaseIterable {
    /// `eventName`, exactly as CloudTrail spells it.
    public let name: String
    /// The service that it belongs to; the same name under another one is ignored.
    public let service: Service
    /// Whether whoever calls it uses EC2 in the account's Region.
    ///
    /// What a service tells of itself, and calls of other services, are no use of it.
    public let isUse: Bool
    /// Whether nothing is told by a call whose parameters say nothing: then it is ignored, as a call of any other name.
    let isWatchedForParameters: Bool
    private let read: @Sendable (Parameters) throws(Unreadable) -> Call

    /// A service whose calls are watched.
    public struct Service: Sendable {
        /// `eventSource`.
        public let source: String
        let sourceText: StaticString

        private init(_ source: StaticString) {
            self.source = source.description
            sourceText = source
        }

        /// EC2.
        public static let ec2 = Service("ec2.amazonaws.com")
        /// EC2 Auto Scaling.
        public static let autoScaling = Service("autoscaling.amazonaws.com")
        /// CloudTrail itself.
        public static let cloudTrail = Service("cloudtrail.amazonaws.com")
        /// AWS Organizations.
        public static let organizations = Service("organizations.amazonaws.com")
    }

    init(
        _ name: String,
        of service: Service = .ec2,
        isUse: Bool = true,
        isWatchedForParameters: Bool = false,
        _ read: @escaping @Sendable (Parameters) throws(Unreadable) -> Call
    ) {
        self.name = name
        self.service = service
        self.isUse = isUse
        self.isWatchedForParameters = isWatchedForParameters
        self.read = read
    }

    /// A call of which one rule alone knows the meaning.
    convenience init(
        _ name: String,
        of service: Service = .ec2,
        isUse: Bool = true,
        fields read: @escaping @Sendable (Parameters) throws(Unreadable) -> Fields
    ) {
        self.init(name, of: service, isUse: isUse) { (parameters) throws(Unreadable) in
            .other(try read(parameters))
        }
    }

    /// Every one of them.
    public static let allCases: [WatchedCall] =
        [
            runInstances, terminateInstances, bidEvicted,
            createImage, copyImage, registerImage, importImage, createRestoreImageTask,
            deregisterImage, restoreImage, disableImage, enableImage,
            enableImageDeprecation, disableImageDeprecation, enableImageDeregistrationProtection,
            disableImageDeregistrationProtection, attachImageWatermark, detachImageWatermark,
            createReplaceRootVolumeTask, describeImages,
            modifyImageAttribute, resetImageAttribute, cancelImageLaunchPermission,
            createTags, deleteTags,
            enableAllowedImagesSettings, disableAllowedImagesSettings, replaceImageCriteria,
            enableImageBlockPublicAccess, disableImageBlockPublicAccess,
            enableSnapshotBlockPublicAccess, disableSnapshotBlockPublicAccess,
            createStoreImageTask, exportImage, createInstanceExportTask,
            modifySnapshotAttribute, resetSnapshotAttribute, deleteSnapshot, restoreSnapshot,
            sharedSnapshotCopied, sharedSnapshotVolumeCreated,
        ] + memberships + organizationPolicies + trails + plans

    /// The service of most of them.
    public static let source = Service.ec2.source

    /// `eventSource`.
    public var source: String { service.source }

    var sourceText: StaticString { service.sourceText }

    /// Reads the call's parameters.
    ///
    /// A successful call whose parameters cannot be read is `.unreadable`; a failed one tells nothing then.
    func decode(_ parameters: Parameters) -> Call {
        do throws(Unreadable) {
            return try read(parameters)
        } catch {
            return parameters.failed ? .nothing : .unreadable(error.reason)
        }
    }

    /// The calls by the lengths of their names.
    private static let table: [[(name: [UInt8], call: WatchedCall)]] = allCases.reduce(into: []) {
        table,
        call in
        let name = Array(call.name.utf8)
        while table.count <= name.count { table.append([]) }
        table[name.count].append((name, call))
    }

    /// The call of a name, exactly as CloudTrail spells it.
    static func named(_ name: UTF8Text) -> WatchedCall? {
        let table = Self.table
        guard name.count < table.count else { return nil }
        for entry in table[name.count] where name.bytes.elementsEqual(entry.name) { return entry.call }
        return nil
    }
}

extension WatchedCall: Equatable {
    /// The same row.
    public static func == (left: WatchedCall, right: WatchedCall) -> Bool { left === right }
}
