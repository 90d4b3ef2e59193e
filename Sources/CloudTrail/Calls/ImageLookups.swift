// The call that looks images up: `names`, where it asks for names and for no owner. Every other lookup tells nothing.

extension WatchedCall {
    /// Looks images up; only by name, whoever owns them, is of interest.
    public static let describeImages = WatchedCall(
        "DescribeImages",
        isUse: false,
        isWatchedForParameters: true
    ) { parameters in
        guard let request = parameters.request.value, !parameters.failed else { return .nothing }
        let owned: [StaticString] = ["ownersSet", "owner", "owners", "imagesSet", "imageId", "imageIds"]
        if owned.contains(where: { !request.field($0).list.isEmpty }) { return .nothing }
        var names: [ExactText] = []
        for filter in (request.field("filterSet") ?? request.field("filter") ?? request.field("filters")).list
        {
            let values = filter.field("valueSet") ?? filter.field("value") ?? filter.field("values")
            switch filter.field("name")?.plain {
            case "name": names += values.list.compactMap { ($0.field("value") ?? $0).exact }
            case "owner-id", "owner-alias", "image-id", "product-code": return .nothing
            default: break
            }
        }
        if names.isEmpty { return .nothing }
        var fields = Fields()
        fields["names"] = .texts(names.sortedOnce)
        return .other(fields)
    }
}
