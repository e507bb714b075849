class_name RLSpace3D
extends RLSpace
## What the core asks of arenas whose root is a Node3D.

# Regions and agents of the navigation keep its map: it may not be freed.
var _first_world: World3D
# Kept while the viewport leaves it: its renderer looks it up once more.
var _left_world: World3D
var _ray := PhysicsRayQueryParameters3D.new()
var _shape := PhysicsShapeQueryParameters3D.new()


func _init() -> void:
	body_reader = RLBodyReader3D


func own_world(viewport: SubViewport) -> void:
	viewport.own_world_3d = true


func step_world(arena: Node, stepped: bool) -> void:
	PhysicsServer3D.space_set_active((arena as Node3D).get_world_3d().space, stepped)


func keep_bodies(arena: Node) -> void:
	for node: Node in arena.find_children("*", "CollisionObject3D", true, false):
		(node as CollisionObject3D).disable_mode = CollisionObject3D.DISABLE_MODE_KEEP_ACTIVE


# Which bodies the world finds first where several meet depends on where they have been. In a new world nothing is left
# of the past. Measured: 0.1 to 0.3 ms an episode.
func forget_contacts(arena: Node) -> void:
	var viewport := arena.get_viewport()
	_left_world = viewport.find_world_3d()
	if _first_world == null:
		_first_world = _left_world
	var camera := viewport.get_camera_3d()
	viewport.world_3d = World3D.new()
	_left_world = null
	if camera != null:
		camera.make_current()  # the first one to enter the world has taken its place


func bodies_of(arena: Node) -> Array[Node]:
	return arena.find_children("*", "PhysicsBody3D", true, false)


func place_of(body: Node, arena: Node) -> Vector3:
	return (arena as RLArena).to_local((body as Node3D).global_position) + (arena as RLArena)._origin()


func moves(body: Node) -> bool:
	return body is CharacterBody3D or body is RigidBody3D


func velocity_of(body: Node) -> Vector3:
	if body is CharacterBody3D:
		return (body as CharacterBody3D).velocity
	return (body as RigidBody3D).linear_velocity if body is RigidBody3D else Vector3.ZERO


func distance_between(one: Node, other: Node) -> float:
	return (one as Node3D).global_position.distance_to((other as Node3D).global_position)


func touched_by(body: Node) -> PackedInt64Array:
	var touched := PackedInt64Array()
	var character := body as CharacterBody3D
	if character == null:
		return touched
	for i: int in character.get_slide_collision_count():
		var collision := character.get_slide_collision(i)
		if collision.get_angle() > character.floor_max_angle:
			touched.append(collision.get_collider_id())
	return touched


func make_camera(view: String) -> Node:
	return RLWatchCamera.new(view)


func landmarks_of(arena: Node) -> Dictionary[StringName, Vector3]:
	var places := (arena as RLArena)._landmarks().duplicate()
	for landmark: StringName in places:
		places[landmark] += (arena as RLArena)._origin()
	return places


func outline_of(arena: Node) -> Array[Dictionary]:
	return RLOutline.of(arena as RLArena)


func is_still(body: Node) -> bool:
	return body is StaticBody3D and body is not AnimatableBody3D


func is_finite_body(body: Node) -> bool:
	var rigid := body as RigidBody3D
	var turning := rigid.angular_velocity.is_finite() if rigid != null else true
	return turning and (body as Node3D).global_transform.is_finite() and velocity_of(body).is_finite()


func middle_of(body: Node) -> Vector3:
	for holder: CollisionShape3D in _shapes_of(body):
		return holder.global_position
	return (body as Node3D).global_position


func edge_of(body: Node) -> Vector3:
	return (body as Node3D).global_transform * Vector3(0.5, 0.5, 0.5)


func solid_around(body: Node, depth: float) -> Node:
	var state := (body as Node3D).get_world_3d().direct_space_state
	for holder: CollisionShape3D in _shapes_of(body):
		_shape.shape = holder.shape
		_shape.transform = holder.global_transform
		_shape.collision_mask = (body as PhysicsBody3D).collision_mask
		var passed := _passed_by(body as PhysicsBody3D)
		_shape.exclude = passed
		var solids: Array[Node] = []
		for hit: Dictionary in state.intersect_shape(_shape):
			if is_still(hit["collider"] as Node):
				solids.append(hit["collider"])
			else:
				passed.append(hit["rid"])
		_shape.exclude = passed
		if not solids.is_empty() and _depth_in(state) > depth:
			return solids[0]
	return null


func solid_between(body: Node, from: Vector3, to: Vector3) -> Dictionary:
	var state := (body as Node3D).get_world_3d().direct_space_state
	_ray.from = from
	_ray.to = to
	_ray.collision_mask = (body as PhysicsBody3D).collision_mask
	var passed := _passed_by(body as PhysicsBody3D)
	while true:
		_ray.exclude = passed
		var hit := state.intersect_ray(_ray)
		if hit.is_empty():
			return {}
		if is_still(hit["collider"] as Node):
			return {"body": hit["collider"], "normal": hit["normal"]}
		passed.append(hit["rid"])
	return {}


# The deepest of the contacts: each is a pair of points, one on either body.
func _depth_in(state: PhysicsDirectSpaceState3D) -> float:
	var pairs := state.collide_shape(_shape)
	var deepest := 0.0
	for i: int in range(0, pairs.size(), 2):
		deepest = maxf(deepest, pairs[i].distance_to(pairs[i + 1]))
	return deepest


func _passed_by(body: PhysicsBody3D) -> Array[RID]:
	var passed: Array[RID] = [body.get_rid()]
	for other: PhysicsBody3D in body.get_collision_exceptions():
		passed.append(other.get_rid())
	return passed


func _shapes_of(body: Node) -> Array[CollisionShape3D]:
	var found: Array[CollisionShape3D] = []
	for child: Node in body.get_children():
		var holder := child as CollisionShape3D
		if holder != null and not holder.disabled and holder.shape != null:
			found.append(holder)
	return found
