extension ImageCriterion {
    /// Reads `ReplaceImageCriteriaInAllowedImagesSettings`: the whole new list, empty when there are no parameters.
    static func list(_ parameters: Parameters) throws(Unreadable) -> [ImageCriterion] {
        guard let request = try parameters.requestFields() else { return [] }
        let named =
            request.field("imageCriterion") ?? request.field("imageCriteria")
            ?? request.field("imageCriterionSet")
        guard let named else {
            for (key, _) in request.members where !(key.isField("dryRun") || key.isField("clientToken")) {
                throw Unreadable("image criteria of an unknown shape")
            }
            return []
        }
        var criteria: [ImageCriterion] = []
        for item in named.list { criteria.append(try ImageCriterion(item)) }
        return criteria
    }

    /// Reads one criterion, of a request or of the CLI's JSON.
    init(_ item: JSONValue) throws(Unreadable) {
        guard item.isObject else { throw Unreadable("an image criterion that is no object") }
        self.init()
        for (key, value) in item.members {
            switch key.lowercasedASCII {
            case "tag": continue
            case "imageprovider", "imageproviders", "imageproviderset":
                providers = try value.texts(of: key) { $0.provider }
            case "imagename", "imagenames", "imagenameset": names = try value.texts(of: key) { $0.exact }
            case "marketplaceproductcode", "marketplaceproductcodes", "marketplaceproductcodeset":
                productCodes = try value.texts(of: key) { $0.exact }
            case "creationdatecondition":
                maximumDaysSinceCreated = try value.days("maximumDaysSinceCreated")
            case "deprecationtimecondition":
                maximumDaysSinceDeprecated = try value.days("maximumDaysSinceDeprecated")
            default: unknown[ExactText(key.string)] = ExactText(value.canonical)
            }
        }
    }
}

extension JSONValue {
    /// The values of a parameter; nil when there are none, which is as if it were not given.
    fileprivate func texts(
        of parameter: UTF8Text,
        _ read: (JSONValue) -> ExactText?
    ) throws(Unreadable) -> [ExactText]? {
        var texts: [ExactText] = []
        for item in list {
            guard let text = read(item) else {
                throw Unreadable("a value of \(parameter.string) of an unknown shape")
            }
            texts.append(text)
        }
        return texts.isEmpty ? nil : texts
    }

    /// An alias, or an account: a number has lost its zeros.
    fileprivate var provider: ExactText? {
        let value = isObject ? member("content") ?? self : self
        return value.integer != nil ? AccountID(value).map { ExactText($0.description) } : value.exact
    }

    fileprivate func days(_ name: StaticString) throws(Unreadable) -> Int? {
        guard let field = field(name) else {
            if isNull || list.isEmpty { return nil }
            throw Unreadable("a condition without \(name)")
        }
        guard let days = field.wholeNumber else { throw Unreadable("\(name) is not a valid number") }
        guard ImageCriterion.days.contains(days) else { throw Unreadable("\(name) is out of range") }
        return days
    }
}
