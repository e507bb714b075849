class_name RLOutline2D
## What stands still in a 2D arena: data for pictures, in the form of RLOutline, without heights.
##
## Every enabled collision shape and polygon of a StaticBody2D counts; endless boundaries and tile maps do not.

const _RING := 16


## The shapes of an arena as it stands now, in pixels.
static func of(arena: RLArena2D) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	var to_arena := Transform2D(0.0, arena._origin()) * arena.global_transform.affine_inverse()
	for body: Node in arena.find_children("*", "StaticBody2D", true, false):
		found.append_array(of_body(body as StaticBody2D, to_arena))
	return found


## The shapes of one body; `to_arena` leads from the global frame to that of the picture.
static func of_body(body: StaticBody2D, to_arena: Transform2D) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	for child: Node in body.get_children():
		var part := _part_of(child, to_arena)
		if not part.is_empty():
			part["name"] = String(body.name)
			found.append(part)
	return found


static func _part_of(child: Node, to_arena: Transform2D) -> Dictionary:
	var polygon := child as CollisionPolygon2D
	if polygon != null:
		if polygon.disabled:
			return {}
		return RLOutline.polygon((to_arena * polygon.global_transform) * polygon.polygon, 0.0, 0.0)
	var holder := child as CollisionShape2D
	if holder == null or holder.disabled or holder.shape == null:
		return {}
	var place := to_arena * holder.global_transform
	if holder.shape is CircleShape2D:
		var radius := (holder.shape as CircleShape2D).radius * place.get_scale().x
		return RLOutline.circle(place.origin, radius, 0.0, 0.0)
	return RLOutline.polygon(place * _corners(holder.shape), 0.0, 0.0)


static func _corners(shape: Shape2D) -> PackedVector2Array:
	if shape is RectangleShape2D:
		var half := (shape as RectangleShape2D).size / 2.0
		return [-half, Vector2(half.x, -half.y), half, Vector2(-half.x, half.y)]
	if shape is ConvexPolygonShape2D:
		return (shape as ConvexPolygonShape2D).points
	if shape is ConcavePolygonShape2D:
		return (shape as ConcavePolygonShape2D).segments
	if shape is SegmentShape2D:
		return [(shape as SegmentShape2D).a, (shape as SegmentShape2D).b]
	return _capsule(shape as CapsuleShape2D) if shape is CapsuleShape2D else PackedVector2Array()


static func _capsule(shape: CapsuleShape2D) -> PackedVector2Array:
	var points := PackedVector2Array()
	var reach := Vector2(0.0, shape.height / 2.0 - shape.radius)
	for i: int in _RING:
		var rim := Vector2.from_angle(TAU * i / _RING) * shape.radius
		points.append(rim + reach)
		points.append(rim - reach)
	return points
