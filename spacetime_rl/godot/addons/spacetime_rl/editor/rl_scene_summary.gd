@tool
class_name RLSceneSummary
## The agents of a scene with their spaces, and the mistakes in it: what the dock lists.
##
## In the editor only ready-made sensors run. What another sensor observes is known when the game runs.


## An agent; `node` is null if it is in the scene that a bridge names, and not in the one that is edited.
class AgentEntry:
	extends RefCounted

	var node: Node
	var title := ""
	## A line for each part: "sees rays: 16", "does move: 2 numbers".
	var parts: PackedStringArray = []


## Something that is wrong; `node` as above.
class Mistake:
	extends RefCounted

	var node: Node
	var text := ""


## The agents in a scene, and in the arena scenes that its bridges name.
static func agents_in(root: Node) -> Array[AgentEntry]:
	var found: Array[AgentEntry] = []
	for agent: Node in _below(root, "RLAgent"):
		found.append(_entry(agent as RLAgent, true))
	for arena: Node in _arenas_of(root):
		for agent: Node in _below(arena, "RLAgent"):
			found.append(_entry(agent as RLAgent, false))
		arena.free()
	return found


## The mistakes in the same scenes.
static func mistakes_in(root: Node) -> Array[Mistake]:
	var found: Array[Mistake] = []
	for node: Node in _below(root, "Node"):
		_note_mistakes(node, node, found)
	for arena: Node in _arenas_of(root):
		for node: Node in _below(arena, "Node"):
			_note_mistakes(node, null, found)
		arena.free()
	return found


static func _note_mistakes(of: Node, node: Node, found: Array[Mistake]) -> void:
	for problem: String in RLSceneCheck.problems_of(of):
		var mistake := Mistake.new()
		mistake.node = node
		mistake.text = "%s: %s" % [of.name, problem]
		found.append(mistake)


static func _entry(agent: RLAgent, in_scene: bool) -> AgentEntry:
	var entry := AgentEntry.new()
	entry.node = agent if in_scene else null
	var who := String(agent.agent_name) if agent.agent_name != &"" else String(agent.get_parent().name)
	entry.title = "%s, policy '%s'" % [who, agent.policy_name]
	for part: Node in agent.get_children():
		if part is RLSensor:
			entry.parts.append_array(_fields_of(part as RLSensor))
		elif part is RLImageSensor:
			entry.parts.append("sees %s: an image%s" % [part.get(&"label"), _shape_of(part as RLImageSensor)])
		elif part is RLAction:
			entry.parts.append(_described(part as RLAction))
	return entry


static func _fields_of(sensor: RLSensor) -> PackedStringArray:
	if not _runs(sensor):
		return ["sees %s: as its script says" % sensor.get(&"label")]
	var lines: PackedStringArray = []
	for field: RLField in sensor.fields():
		lines.append("sees %s: %d" % [field.name, field.size])
	return lines


static func _shape_of(sensor: RLImageSensor) -> String:
	if not _runs(sensor):
		return ""
	var shape := sensor.shape()
	return ", %d x %d, %d channels" % [shape.y, shape.x, shape.z]


static func _described(action: RLAction) -> String:
	if not _runs(action):
		return "does %s: as its script says" % action.get(&"label")
	var what := "choices" if action is RLDiscreteAction else "numbers"
	var masked := ", masked" if action.get(&"masked") else ""
	return "does %s: %d %s%s" % [action.label, action.size, what, masked]


# Whether a node's script is executed here.
static func _runs(node: Node) -> bool:
	return not Engine.is_editor_hint() or (node.get_script() as Script).is_tool()


static func _below(root: Node, type: String) -> Array[Node]:
	var found: Array[Node] = []
	if root != null:
		found.append_array(root.find_children("*", type, true, false))
		if type == "Node" or (type == "RLAgent" and root is RLAgent):
			found.push_front(root)
	return found


# A new instance of every arena scene that a bridge names; the caller frees them.
static func _arenas_of(root: Node) -> Array[Node]:
	var found: Array[Node] = []
	for node: Node in _below(root, "Node"):
		var bridge := node as RLBridge
		if bridge != null and bridge.arena_scene != null and bridge.arena_scene.can_instantiate():
			found.append(bridge.arena_scene.instantiate())
	return found
