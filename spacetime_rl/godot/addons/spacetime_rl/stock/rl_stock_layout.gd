class_name RLStockLayout
## Describes the spaces of an AIController of the stock plugin as RLLayout does those of an RLAgent.

const _CHANNELS: Array[int] = [1, 2, 3, 4]


## Named observation fields, images and actions. They come in the order that they have in the layout `like`, because
## some versions of the plugin sort their names on the way to Python.
static func of(agent: Node, like: Dictionary) -> Dictionary:
	var fields: Array[Dictionary] = []
	var images: Array[Dictionary] = []
	var observations: Dictionary = agent.call(&"get_obs_space")
	for key: String in observations:
		var space: Dictionary = observations[key]
		var sizes: Variant = space["size"]
		if space["space"] == "discrete":
			fields.append({"name": key, "size": sizes, "kind": "discrete"})
		elif "2d" in key:
			images.append({"name": key, "shape": _image_shape(sizes as Array)})
		else:
			fields.append({"name": key, "size": _product(sizes as Array)})
	var actions: Array[Dictionary] = []
	var spaces: Dictionary = agent.call(&"get_action_space")
	for key: String in spaces:
		actions.append({"name": key, "kind": spaces[key]["action_type"], "size": spaces[key]["size"]})
	var found := {"fields": fields, "images": images, "actions": actions}
	for part: String in found:
		var names: Array = (like.get(part, []) as Array).map(func(entry: Dictionary) -> String: return entry["name"])
		var entries: Array = found[part]
		names.append_array(entries.map(func(entry: Dictionary) -> String: return entry["name"]))
		entries.sort_custom(
			func(a: Dictionary, b: Dictionary) -> bool: return names.find(a["name"]) < names.find(b["name"])
		)
	return found


# Height, width, channels. The plugin's cameras declare channels first, although their pixels come row by row.
static func _image_shape(sizes: Array) -> Array:
	if sizes.size() == 3 and sizes[0] in _CHANNELS and sizes[2] not in _CHANNELS:
		return [sizes[1], sizes[2], sizes[0]]
	return sizes if sizes.size() == 3 else sizes + [1]


static func _product(sizes: Array) -> int:
	var product := 1
	for size: int in sizes:
		product *= size
	return product
