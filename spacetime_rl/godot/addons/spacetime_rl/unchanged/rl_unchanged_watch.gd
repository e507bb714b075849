class_name RLUnchangedWatch
extends RefCounted
## Finds, in whatever scene an unchanged game shows, the nodes to watch, what may be clicked and the solid shapes.

## Nodes that are watched at most; the first is the one whose way is recorded.
const MOST := 4

const _GROUPS: Array[StringName] = [&"player", &"players", &"Player", &"Players", &"hero"]
const _NAMES: Array[String] = ["*player*", "*hero*", "*character*"]
const _CLASSES: Array[String] = [
	"CharacterBody2D", "CharacterBody3D", "VehicleBody3D", "RigidBody2D", "RigidBody3D", "Area2D", "Area3D"
]

## The watched nodes, each Node2D or Node3D, at most `MOST`.
var nodes: Array[Node] = []
## Where the first one is, or was last; y on a 2D screen is z.
var place := Vector3.ZERO
## How fast it moves.
var velocity := Vector3.ZERO
## Shapes that stand still, of all scenes so far, as a picture needs them. It grows.
var outline: Array[Dictionary] = []
## What may be clicked.
var targets := RLUnchangedTargets.new()

var _tree: SceneTree
var _wanted: PackedStringArray = []
var _has_changed := true
# Everything that collides, without what stands still.
var _bodies: Array[Node] = []
var _outlined: Dictionary[int, bool] = {}


func _init(tree: SceneTree, settings: Dictionary) -> void:
	_tree = tree
	_wanted = PackedStringArray(settings.get("watch", []) as Array)
	tree.node_added.connect(_note_change)
	tree.node_removed.connect(_note_change)


## Whether nodes have come or gone since the last look.
func has_changed() -> bool:
	return _has_changed


## All bodies that move by physics or scripts, in scene order.
func bodies() -> Array[Node]:
	return _bodies.filter(func(body: Node) -> bool: return body is PhysicsBody2D or body is PhysicsBody3D)


## Look at the scene as it stands now.
func look() -> void:
	if _has_changed:
		_has_changed = false
		_find()
	if nodes.is_empty() or not is_instance_valid(nodes[0]):
		velocity = Vector3.ZERO
		return
	place = place_of(nodes[0])
	velocity = velocity_of(nodes[0])


## The size of the window in pixels.
func window_size() -> Vector2i:
	return _tree.root.size


## For fingerprints: which scene it is, and what stands still in it.
func scene_state() -> Array:
	var scene := _tree.current_scene
	return [scene.scene_file_path if scene != null else "", _tree.paused]


## For fingerprints: what may be clicked.
func control_state() -> Array:
	return targets.all().map(
		func(target: RLUnchangedTarget) -> Array:
			return ["cross" if target.node == null else path_of(target.node), target.entry]
	)


## For fingerprints: where the watched nodes are.
func node_state() -> Array:
	return nodes.filter(is_instance_valid).map(_state_of)


## For fingerprints: where all others are.
func body_state() -> Array:
	return _bodies.filter(is_instance_valid).map(_state_of)


## The path of a node. A node without a name of its own gets one from the engine, which differs from run to
## run; its class is used instead.
func path_of(node: Node) -> String:
	var parts: PackedStringArray = []
	while node != null and node != _tree.root:
		parts.append(_name_of(node))
		node = node.get_parent()
	parts.reverse()
	return "/".join(parts)


## Where a node is.
static func place_of(node: Node) -> Vector3:
	if node is Node3D:
		return (node as Node3D).global_position
	var at := (node as Node2D).global_position
	return Vector3(at.x, 0.0, at.y)


## How fast a node moves, where it says so.
static func velocity_of(node: Node) -> Vector3:
	var moving: Variant = node.get(&"linear_velocity") if node is RigidBody2D or node is RigidBody3D else null
	if moving == null:
		moving = node.get(&"velocity")
	if moving is Vector3:
		return moving
	if moving is Vector2:
		var flat: Vector2 = moving
		return Vector3(flat.x, 0.0, flat.y)
	return Vector3.ZERO


static func _state_of(node: Node) -> Array:
	return [_name_of(node), node.get(&"global_transform"), velocity_of(node)]


# A node without a name of its own gets one from the engine, with a number that counts all such nodes, ours as well.
static func _name_of(node: Node) -> String:
	return node.get_class() if String(node.name).begins_with("@") else String(node.name)


func _note_change(_node: Node) -> void:
	_has_changed = true


func _find() -> void:
	nodes.clear()
	_bodies.clear()
	targets.clear()
	for child: Node in _tree.root.get_children():
		_collect(child)
	if _wanted.is_empty():
		_guess()
	else:
		for wanted: String in _wanted:
			_take(_chosen(wanted))


# Everything below a node that may matter. Our own nodes are left out.
func _collect(node: Node) -> void:
	if node is RLBridge:
		return
	if (node is CollisionObject2D or node is CollisionObject3D) and not _stands_still(node):
		_bodies.append(node)
	targets.note(node)
	_outline(node)
	for child: Node in node.get_children(true):
		_collect(child)


static func _stands_still(node: Node) -> bool:
	var is_solid := node is StaticBody3D and node is not AnimatableBody3D
	return is_solid or (node is StaticBody2D and node is not AnimatableBody2D)


func _outline(node: Node) -> void:
	if _outlined.has(node.get_instance_id()):
		return
	var found := RLUnchangedOutline.of(node)
	if not found.is_empty():
		_outlined[node.get_instance_id()] = true
		outline.append_array(found)


# By the plan: a group, a node's name, or a class.
func _chosen(wanted: String) -> Array[Node]:
	if wanted.begins_with("group:"):
		return _tree.get_nodes_in_group(wanted.trim_prefix("group:"))
	var named := _tree.root.find_children(wanted, "", true, false)
	return named if not named.is_empty() else _tree.root.find_children("*", wanted, true, false)


func _guess() -> void:
	for group: StringName in _GROUPS:
		_take(_tree.get_nodes_in_group(group))
	for pattern: String in _NAMES:
		_take(_bodies.filter(func(body: Node) -> bool: return String(body.name).matchn(pattern)))
	for kind: String in _CLASSES:
		_take(_bodies.filter(func(body: Node) -> bool: return body.is_class(kind)))
	var camera: Node = _tree.root.get_camera_3d()
	_take([camera if camera != null else _tree.root.get_camera_2d() as Node])


func _take(found: Array[Node]) -> void:
	for node: Node in found:
		if nodes.size() < MOST and (node is Node2D or node is Node3D) and node not in nodes:
			nodes.append(node)
