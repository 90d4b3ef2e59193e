package import TestSupport

/// Changes to a record that keep it JSON most of the time and hide its name in all the ways there are.
package enum Mutation {
    package static func mutate(_ record: String, _ random: inout SplitMix64) -> String {
        var text = record
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: 0..<11, using: &random) {
            case 0: text = escape(text, "eventName", &random)
            case 1:
                text = escape(
                    text,
                    ["Instances", "Image", "Modify", "Assume"].randomElement(using: &random) ?? "",
                    &random
                )
            case 2:
                text = text.replacingOccurrences(
                    "\"eventName\":",
                    "\"eventName\"\(space(&random)):\(space(&random))"
                )
            case 3: text = "{\"eventName\":\"\(name(&random))\"," + text.dropFirst()
            case 4: text = text.dropLast() + ",\"eventName\":\"\(name(&random))\"}"
            case 5: text = text.dropLast() + ",\"x\":{\"eventName\":\"\(name(&random))\"}}"
            case 6:
                text = text.dropLast() + ",\"x\":\(Samples.string("{\"eventName\" : \"\(name(&random))\"}"))}"
            case 7: text = shuffle(text, &random)
            case 8:
                text = text.replacingOccurrences(
                    "\"eventSource\":\"ec2",
                    "\"eventSource\":\"\(Bool.random(using: &random) ? "e\\u00632" : "autoscaling")"
                )
            case 9: text = text.dropLast() + ",\"y\":\"eventName\",\"z\":[\"eventName\",\"\\\\\"]}"
            default: text = text.replacingOccurrences("\"eventName\"", "\"event\\/Name\"")
            }
        }
        if Int.random(in: 0..<20, using: &random) == 0 {
            text = String(text.prefix(Int.random(in: 0...text.count, using: &random)))
        }
        return text
    }

    private static func name(_ random: inout SplitMix64) -> String {
        ["RunInstances", "DescribeImages", "CreateImage", "", "Run\\u0049nstances", "a:b"].randomElement(
            using: &random
        ) ?? ""
    }

    private static func space(_ random: inout SplitMix64) -> String {
        String(
            (0..<Int.random(in: 0...3, using: &random)).map { _ in
                [" ", "\n", "\t", "\r"].randomElement(using: &random) ?? " "
            }.joined()
        )
    }

    private static func escape(_ text: String, _ word: String, _ random: inout SplitMix64) -> String {
        guard !word.isEmpty, let range = text.firstRange(of: word) else { return text }
        var spelled = ""
        for scalar in word.unicodeScalars {
            if Int.random(in: 0..<4, using: &random) == 0 {
                let digits = String(scalar.value, radix: 16, uppercase: Bool.random(using: &random))
                spelled += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                spelled.unicodeScalars.append(scalar)
            }
        }
        return text.replacingCharacters(range, spelled)
    }

    /// Moves the first top-level member to the end, a few times.
    private static func shuffle(_ text: String, _ random: inout SplitMix64) -> String {
        guard let range = text.firstRange(of: ",\"eventName\""),
            let end = text[range.upperBound...].firstRange(of: "\",")
        else { return text }
        let member = text[range.lowerBound..<end.lowerBound] + "\""
        return text.replacingCharacters(range.lowerBound..<text.index(before: end.upperBound), "").dropLast()
            + member + "}"
    }
}

extension String {
    func replacingOccurrences(_ word: String, _ other: String) -> String { replacing(word, with: other) }

    func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
