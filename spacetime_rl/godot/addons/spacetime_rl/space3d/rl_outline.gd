class_name RLOutline
## What stands still in an arena, as seen from above and with the heights between which it stands: data for pictures.
##
## Every enabled collision shape of a StaticBody3D counts; endless planes do not.

## Most points along an edge of a height map; larger ones are thinned out.
const MAX_POINTS := 48

const _RING := 16
const _UPRIGHT := 0.99


## The shapes of an arena as it stands now, in metres: `{"kind": "polygon", "points", …}`, `"circle"` or `"heights"`.
static func of(arena: RLArena) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	var to_arena := Transform3D(Basis.IDENTITY, arena._origin()) * arena.global_transform.affine_inverse()
	for body: Node in arena.find_children("*", "StaticBody3D", true, false):
		found.append_array(of_body(body as StaticBody3D, to_arena))
	return found


## The shapes of one body; `to_arena` leads from the global frame to that of the picture.
static func of_body(body: StaticBody3D, to_arena: Transform3D) -> Array[Dictionary]:
	var found: Array[Dictionary] = []
	for child: Node in body.get_children():
		var holder := child as CollisionShape3D
		if holder == null or holder.disabled or holder.shape == null:
			continue
		var part := _outline(holder.shape, to_arena * holder.global_transform)
		if not part.is_empty():
			part["name"] = String(body.name)
			found.append(part)
	return found


## The data of a circle in the plane.
static func circle(centre: Vector2, radius: float, low: float, high: float) -> Dictionary:
	return {"kind": "circle", "centre": [centre.x, centre.y], "radius": radius, "low": low, "high": high}


## The data of the convex hull of points in the plane; {} of none.
static func polygon(flat: PackedVector2Array, low: float, high: float) -> Dictionary:
	if flat.is_empty():
		return {}
	var points: Array[Array] = []
	var hull := Geometry2D.convex_hull(flat)  # its last point is its first again
	for i: int in hull.size() - 1:
		points.append([hull[i].x, hull[i].y])
	return {"kind": "polygon", "points": points, "low": low, "high": high}


static func _outline(shape: Shape3D, place: Transform3D) -> Dictionary:
	if shape is HeightMapShape3D:
		return _heights(shape as HeightMapShape3D, place)
	if shape is SphereShape3D:
		var reach := (shape as SphereShape3D).radius * place.basis.get_scale().x
		return _circle(place, reach, reach)
	if shape is CylinderShape3D:
		return _round(place, (shape as CylinderShape3D).radius, (shape as CylinderShape3D).height)
	if shape is CapsuleShape3D:
		return _round(place, (shape as CapsuleShape3D).radius, (shape as CapsuleShape3D).height)
	return _polygon(place * _points(shape))


static func _points(shape: Shape3D) -> PackedVector3Array:
	if shape is ConvexPolygonShape3D:
		return (shape as ConvexPolygonShape3D).points
	if shape is ConcavePolygonShape3D:
		return (shape as ConcavePolygonShape3D).get_faces()
	var corners := PackedVector3Array()
	if shape is BoxShape3D:
		var box := AABB((shape as BoxShape3D).size / -2.0, (shape as BoxShape3D).size)
		for i: int in 8:
			corners.append(box.get_endpoint(i))
	return corners


## A cylinder or capsule: a circle where it stands upright, else the hull of its two rims.
static func _round(place: Transform3D, radius: float, height: float) -> Dictionary:
	var size := place.basis.get_scale()
	if absf(place.basis.y.normalized().y) > _UPRIGHT:
		return _circle(place, radius * size.x, height / 2.0 * size.y)
	var rims := PackedVector3Array()
	for i: int in _RING:
		var rim := Vector3(radius, 0.0, 0.0).rotated(Vector3.UP, TAU * i / _RING)
		rims.append(rim + Vector3.UP * height / 2.0)
		rims.append(rim + Vector3.DOWN * height / 2.0)
	return _polygon(place * rims)


static func _circle(place: Transform3D, radius: float, half_height: float) -> Dictionary:
	var centre := place.origin
	return circle(Vector2(centre.x, centre.z), radius, centre.y - half_height, centre.y + half_height)


static func _polygon(corners: PackedVector3Array) -> Dictionary:
	var flat := PackedVector2Array()
	var low := INF
	var high := -INF
	for corner: Vector3 in corners:
		flat.append(Vector2(corner.x, corner.z))
		low = minf(low, corner.y)
		high = maxf(high, corner.y)
	return polygon(flat, low, high)


## A terrain without rotation: heights row by row (along x), `step` metres apart, from the corner of least x and z.
static func _heights(map: HeightMapShape3D, place: Transform3D) -> Dictionary:
	var stride := ceili(maxi(map.map_width, map.map_depth) / float(MAX_POINTS))
	var columns := ceili(map.map_width / float(stride))
	var heights := PackedFloat32Array()
	var first := place * Vector3((1 - map.map_width) / 2.0, 0.0, (1 - map.map_depth) / 2.0)
	for z: int in range(0, map.map_depth, stride):
		for x: int in range(0, map.map_width, stride):
			heights.append(place.basis.y.y * map.map_data[z * map.map_width + x] + place.origin.y)
	var step := place.basis.get_scale() * stride
	return {
		"kind": "heights",
		"corner": [first.x, first.z],
		"step": [step.x, step.z],
		"columns": columns,
		"heights": Array(heights),
		"low": Array(heights).min(),
		"high": Array(heights).max(),
	}
