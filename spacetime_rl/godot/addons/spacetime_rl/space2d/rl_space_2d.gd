class_name RLSpace2D
extends RLSpace
## What the core asks of arenas whose root is a Node2D. Lengths are pixels; y on the screen is z of a place.

# Regions and agents of the navigation keep its map: it may not be freed.
var _first_world: World2D
var _ray := PhysicsRayQueryParameters2D.new()
var _shape := PhysicsShapeQueryParameters2D.new()


# Every viewport has a 2D world of its own.
func own_world(_viewport: SubViewport) -> void:
	pass


func step_world(arena: Node, stepped: bool) -> void:
	PhysicsServer2D.space_set_active((arena as Node2D).get_world_2d().space, stepped)


func keep_bodies(arena: Node) -> void:
	for node: Node in arena.find_children("*", "CollisionObject2D", true, false):
		(node as CollisionObject2D).disable_mode = CollisionObject2D.DISABLE_MODE_KEEP_ACTIVE


# The world knows which bodies met, and looks at them in an order that depends on where they have been. In a new world
# nothing is left of the past.
func forget_contacts(arena: Node) -> void:
	var viewport := arena.get_viewport()
	if _first_world == null:
		_first_world = viewport.world_2d
	viewport.world_2d = World2D.new()
	for layer: Node in arena.find_children("*", "TileMapLayer", true, false):
		(layer as TileMapLayer).update_internals()  # it would move to the new world later in the frame
	for joint: Node in arena.find_children("*", "Joint2D", true, false):
		_join_anew(joint as Joint2D)


# A body that goes to another world leaves its joints behind.
func _join_anew(joint: Joint2D) -> void:
	var passing := joint.disable_collision
	joint.disable_collision = not passing
	joint.disable_collision = passing


func bodies_of(arena: Node) -> Array[Node]:
	return arena.find_children("*", "PhysicsBody2D", true, false)


func place_of(body: Node, arena: Node) -> Vector3:
	var root := arena as RLArena2D
	return _flat(root.to_local((body as Node2D).global_position) + root._origin())


func moves(body: Node) -> bool:
	return body is CharacterBody2D or body is RigidBody2D


func velocity_of(body: Node) -> Vector3:
	if body is CharacterBody2D:
		return _flat((body as CharacterBody2D).velocity)
	return _flat((body as RigidBody2D).linear_velocity) if body is RigidBody2D else Vector3.ZERO


func distance_between(one: Node, other: Node) -> float:
	return (one as Node2D).global_position.distance_to((other as Node2D).global_position)


func touched_by(body: Node) -> PackedInt64Array:
	var touched := PackedInt64Array()
	var character := body as CharacterBody2D
	if character == null:
		return touched
	# What is seen from above has no floor.
	var has_floor := character.motion_mode == CharacterBody2D.MOTION_MODE_GROUNDED
	for i: int in character.get_slide_collision_count():
		var collision := character.get_slide_collision(i)
		if not has_floor or collision.get_angle(character.up_direction) > character.floor_max_angle:
			touched.append(collision.get_collider_id())
	return touched


func unit() -> String:
	return "px"


func make_camera(view: String) -> Node:
	return RLWatchCamera2D.new(view)


func landmarks_of(arena: Node) -> Dictionary[StringName, Vector3]:
	var root := arena as RLArena2D
	var places: Dictionary[StringName, Vector3] = {}
	var named := root._landmarks()
	for landmark: StringName in named:
		places[landmark] = _flat(named[landmark] + root._origin())
	return places


func outline_of(arena: Node) -> Array[Dictionary]:
	return RLOutline2D.of(arena as RLArena2D)


func is_still(body: Node) -> bool:
	return body is StaticBody2D and body is not AnimatableBody2D


func is_finite_body(body: Node) -> bool:
	var rigid := body as RigidBody2D
	var turning := is_finite(rigid.angular_velocity) if rigid != null else true
	return turning and (body as Node2D).global_transform.is_finite() and velocity_of(body).is_finite()


func middle_of(body: Node) -> Vector3:
	for holder: CollisionShape2D in _shapes_of(body):
		return _flat(holder.global_position)
	return _flat((body as Node2D).global_position)


func edge_of(body: Node) -> Vector3:
	return _flat((body as Node2D).global_transform * Vector2(10.0, 10.0))


func solid_around(body: Node, depth: float) -> Node:
	var state := (body as Node2D).get_world_2d().direct_space_state
	for holder: CollisionShape2D in _shapes_of(body):
		_shape.shape = holder.shape
		_shape.transform = holder.global_transform
		_shape.collision_mask = (body as PhysicsBody2D).collision_mask
		var passed := _passed_by(body as PhysicsBody2D)
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
	var state := (body as Node2D).get_world_2d().direct_space_state
	_ray.from = Vector2(from.x, from.z)
	_ray.to = Vector2(to.x, to.z)
	_ray.collision_mask = (body as PhysicsBody2D).collision_mask
	var passed := _passed_by(body as PhysicsBody2D)
	while true:
		_ray.exclude = passed
		var hit := state.intersect_ray(_ray)
		if hit.is_empty():
			return {}
		if is_still(hit["collider"] as Node):
			return {"body": hit["collider"], "normal": _flat(hit["normal"] as Vector2)}
		passed.append(hit["rid"])
	return {}


func _depth_in(state: PhysicsDirectSpaceState2D) -> float:
	var pairs := state.collide_shape(_shape)
	var deepest := 0.0
	for i: int in range(0, pairs.size(), 2):
		deepest = maxf(deepest, pairs[i].distance_to(pairs[i + 1]))
	return deepest


func _passed_by(body: PhysicsBody2D) -> Array[RID]:
	var passed: Array[RID] = [body.get_rid()]
	for other: PhysicsBody2D in body.get_collision_exceptions():
		passed.append(other.get_rid())
	return passed


func _shapes_of(body: Node) -> Array[CollisionShape2D]:
	var found: Array[CollisionShape2D] = []
	for child: Node in body.get_children():
		var holder := child as CollisionShape2D
		if holder != null and not holder.disabled and holder.shape != null:
			found.append(holder)
	return found


static func _flat(at: Vector2) -> Vector3:
	return Vector3(at.x, 0.0, at.y)
