class_name RLLayout
## Describes an agent's spaces as plain data: the `PolicyLayout` of the Python side.


## Named observation fields, images and actions of an agent, in vector order.
static func of(agent: RLAgent) -> Dictionary:
	var fields: Array[Dictionary] = []
	for sensor: RLSensor in agent.sensors:
		for field: RLField in sensor.fields():
			fields.append({"name": field.name, "size": field.size, "unit": field.unit})
	var images: Array[Dictionary] = []
	for sensor: RLImageSensor in agent.image_sensors:
		var shape := sensor.shape()
		images.append({"name": String(sensor.label), "shape": [shape.x, shape.y, shape.z]})
	var actions: Array[Dictionary] = []
	for action: RLAction in agent.actions:
		actions.append({"name": String(action.label), "kind": action.kind(), "size": action.size})
	return {"fields": fields, "images": images, "actions": actions}
