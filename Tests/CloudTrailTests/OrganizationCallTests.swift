import CloudTrail
import CloudTrailTestSupport
import Testing

/// Calls that change which declarative policy holds where.
@Suite
struct OrganizationCallTests {
    private static func call(_ name: String, _ request: String, _ response: String = "null") -> Call? {
        RecordReader().gather(
            message: Samples.record(
                name,
                source: "organizations.amazonaws.com",
                request: request,
                response: response
            )
        ).records.first?.call
    }

    private static func fields(_ name: String, _ request: String, _ response: String = "null") -> Fields? {
        if case .other(let fields)? = call(name, request, response) { fields } else { nil }
    }

    private static func policy(_ type: String, content: String? = nil) -> String {
        let content = content.map { ",\"content\":\(Samples.string($0))" } ?? ""
        return
            "{\"policy\":{\"policySummary\":{\"id\":\"p-example1\",\"type\":\"\(type)\",\"awsManaged\":false}\(content)}}"
    }

    private static let ec2 = "DECLARATIVE_POLICY_EC2"

    /// Operators and names in any case, values bare or in a list, whatever is not about images left out.
    @Test
    func contents() {
        let content = """
            {"ec2_attributes":{"exception_message":{"@@assign":"no"},
             "Allowed_Images_Settings":{"@@operators_allowed_for_child_policies":["@@none"],"state":{"@@Assign":"audit_mode"},
              "image_criteria":{"criteria_1":{"allowed_image_providers":{"@@append":["amazon",123456789012]},
                "creation_date_condition":{"maximum_days_since_created":{"@@assign":300}},"image_names":{"@@remove":[]}}}},
             "image_block_public_access":{"state":"unblocked"}}}
            """
        let settings: [ExactText] = [
            "allowed_images_settings @@operators_allowed_for_child_policies", "=@@none",
            "allowed_images_settings.state @@assign", "=audit_mode",
            "allowed_images_settings.image_criteria.criteria_1.allowed_image_providers @@append", "=amazon",
            "=123456789012",
            "allowed_images_settings.image_criteria.criteria_1.creation_date_condition.maximum_days_since_created @@assign",
            "=300", "allowed_images_settings.image_criteria.criteria_1.image_names @@remove",
            "image_block_public_access.state @@assign", "=unblocked",
        ]
        let asked = "{\"type\":\"\(Self.ec2)\",\"content\":\(Samples.string(content))}"
        let made = Self.fields("CreatePolicy", asked, Self.policy(Self.ec2))
        #expect(made?.text("policy") == "p-example1" && made?.flag("made") == true)
        #expect(made?.texts("settings") == settings)
        for response in [Self.policy(Self.ec2), "null"] {
            let request = "{\"policyId\":\"p-example1\",\"content\":\(Samples.string(content))}"
            let changed = Self.fields("UpdatePolicy", request, response)
            #expect(changed?.text("policy") == "p-example1" && changed?.flag("made") == nil)
            #expect(changed?.text("type") == "DECLARATIVE_POLICY_EC2" && changed?.flag("renamed") == nil)
            #expect(changed?.texts("settings") == settings)
        }
        let answer = Self.policy(Self.ec2, content: content)
        let renamed = Self.fields("UpdatePolicy", #"{"policyId":"p-example1","name":"x"}"#, answer)
        #expect(renamed?.texts("settings") == settings && renamed?.flag("renamed") == true)
    }

    /// Of policies of other types is kept that they are no EC2 policies.
    @Test
    func otherContents() {
        let scp = #"{"type":"SERVICE_CONTROL_POLICY","content":"{\"Statement\":[]}"}"#
        let made = Self.fields("CreatePolicy", scp, Self.policy("SERVICE_CONTROL_POLICY"))
        #expect(made?.text("type") == "SERVICE_CONTROL_POLICY" && made?.all.count == 3)
        let changed = Self.fields(
            "UpdatePolicy",
            #"{"policyId":"p-example1","content":"{\"Statement\":[]}"}"#
        )
        #expect(changed?.text("type") == "other")
        #expect(Self.call("UpdatePolicy", #"{"policyId":"p-example1","name":"x"}"#) == .nothing)
        for content in ["HIDDEN_DUE_TO_SECURITY_REASONS", "{\"ec2_attributes\":", "[]", "7"] {
            let asked = "{\"type\":\"\(Self.ec2)\",\"content\":\(Samples.string(content))}"
            let unread = Self.fields("CreatePolicy", asked, Self.policy(Self.ec2))
            #expect(unread?.flag("unread") == true && unread?.texts("settings") == [], "\(content)")
        }
        guard case .unreadable? = Self.call("CreatePolicy", "{\"type\":\"\(Self.ec2)\",\"content\":\"{}\"}")
        else {
            Issue.record("a policy without an id cannot be read")
            return
        }
    }

    @Test
    func attachments() {
        for (name, isAttached) in [("AttachPolicy", true), ("DetachPolicy", false)] {
            for target in ["r-ab12", "ou-ab12-cdef3456", "111122223333"] {
                let fields = Self.fields(name, "{\"targetId\":\"\(target)\",\"policyId\":\"p-example1\"}")
                #expect(fields?.text("policy") == "p-example1")
                #expect(fields?.text("target")?.string == target)
                #expect(fields?.flag("attached") == isAttached)
            }
            #expect(Self.call(name, #"{"targetId":"r-ab12","policyId":"p-FullAWSAccess"}"#) == .nothing)
            for request in ["null", "{}", #"{"policyId":"p-example1"}"#] {
                guard case .unreadable? = Self.call(name, request) else {
                    Issue.record("\(name) \(request) is readable")
                    continue
                }
            }
        }
    }

    /// The response of a type that is switched off still shows it on.
    @Test
    func types() {
        let response =
            "{\"root\":{\"id\":\"r-ab12\",\"policyTypes\":[{\"type\":\"\(Self.ec2)\",\"status\":\"ENABLED\"}]}}"
        for (name, isEnabled) in [("EnablePolicyType", true), ("DisablePolicyType", false)] {
            let fields = Self.fields(name, "{\"rootId\":\"r-ab12\",\"policyType\":\"\(Self.ec2)\"}", response)
            #expect(fields?.text("root") == "r-ab12" && fields?.flag("enabled") == isEnabled)
            #expect(Self.call(name, #"{"rootId":"r-ab12","policyType":"TAG_POLICY"}"#) == .nothing)
        }
    }

    @Test
    func places() {
        let response = #"{"organizationalUnit":{"id":"ou-ab12-cdef3456","name":"x"}}"#
        let made = Self.fields("CreateOrganizationalUnit", #"{"name":"x","parentId":"r-ab12"}"#, response)
        #expect(made?.text("child") == "ou-ab12-cdef3456" && made?.text("parent") == "r-ab12")
        let gone = Self.fields("DeleteOrganizationalUnit", #"{"organizationalUnitId":"ou-ab12-cdef3456"}"#)
        #expect(gone?.text("child") == "ou-ab12-cdef3456" && gone?.text("parent") == nil)
        let move =
            #"{"accountId":111122223333,"sourceParentId":"r-ab12","destinationParentId":"ou-ab12-cdef3456"}"#
        guard case .membership(let change)? = Self.call("MoveAccount", move) else {
            Issue.record("a move is no membership")
            return
        }
        #expect(change.account?.description == "111122223333" && change.isMember)
        #expect(change.parent == "ou-ab12-cdef3456" && change.formerParent == "r-ab12")
    }
}
