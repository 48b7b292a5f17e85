// What gRPC server reflection tells of protos/. proto-loader's own descriptors lack imports, absolute names and
// JSON names: clients such as grpcurl can't link them, and would show fields by other names than they do elsewhere.

import type { PackageDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import type { Field, ReflectionObject, Root, Type } from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import type { IDescriptorProto, IFieldDescriptorProto, IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js';
import { protoRoot } from './protos.ts';

/**
 * Builds the argument of ReflectionService from @grpc/reflection. It has a single
 * entry, because the service decodes all files once per entry (0.1 s for the
 * whole package definition). It covers every service under protos/: pass
 * `{ services }` beside it to list only those that the server has registered.
 * @param protoFiles paths of definitions that are not under protos/ and import nothing, to be told of as well.
 */
export function buildReflectionDefinition(protoFiles: readonly string[] = []): PackageDefinition {
  const others = protoFiles.map((path) => new protobuf.Root().loadSync(path, { keepCase: true }).resolveAll() as Root);
  const fileDescriptorProtos = [protoRoot, ...others].flatMap(buildFileDescriptors);
  return { files: { format: 'Protocol Buffer 3 EnumDescriptorProto', type: {}, fileDescriptorProtos } };
}

/** One encoded file per package, as protobufjs keeps them, but with imports and absolute type names. */
function buildFileDescriptors(root: Root): Buffer[] {
  const files: IFileDescriptorProto[] = root.toDescriptor('proto3').file ?? [];
  const fileNames = new Map(files.map((file) => [file.package, file.name]));
  return files.map((file) => {
    const used = linkFile(file, root);
    used.delete(file.package ?? '');
    file.dependency = [...used].sort().map((name) => fileNames.get(name));
    return descriptor.FileDescriptorProto.encode(file).finish() as Buffer;
  });
}

/** Makes every type name in `file` absolute; returns the packages of the types that it names. */
function linkFile(file: IFileDescriptorProto, root: Root): Set<string> {
  const used: ReflectionObject[] = [];
  for (const message of file.messageType ?? []) {
    used.push(...linkMessage(message, root.lookupType(`.${file.package}.${message.name}`)));
  }
  for (const method of (file.service ?? []).flatMap((service) => service.method ?? [])) {
    used.push(root.lookupType(method.inputType ?? ''), root.lookupType(method.outputType ?? ''));
  }
  return new Set(used.map(packageOf));
}

function linkMessage(message: IDescriptorProto, type: Type): ReflectionObject[] {
  const used: ReflectionObject[] = [];
  for (const [index, field] of type.fieldsArray.entries()) {
    const descriptor = message.field?.[index];
    if (descriptor === undefined || descriptor.name !== field.name) throw new Error(`${field.fullName}: not described`);
    if (field.resolvedType) used.push(field.resolvedType);
    if (field.map) linkMap(message, descriptor, field);
    else if (field.resolvedType) descriptor.typeName = field.resolvedType.fullName;
  }
  nameForJson(message);
  for (const nested of message.nestedType ?? []) {
    if (nested.options?.mapEntry) continue;
    used.push(...linkMessage(nested, type.lookupType(`${type.fullName}.${nested.name}`)));
  }
  return used;
}

/** A map is described as a repeated entry message, whose name must follow from the field's. */
function linkMap(message: IDescriptorProto, descriptor: IFieldDescriptorProto, field: Field): void {
  const entry = message.nestedType?.find((nested) => nested.name === descriptor.typeName);
  const value = entry?.field?.[1];
  if (entry === undefined || value === undefined) throw new Error(`${field.fullName}: not described`);
  entry.name = `${protobuf.util.ucFirst(protobuf.util.camelCase(field.name))}Entry`;
  descriptor.typeName = `${field.parent?.fullName}.${entry.name}`;
  if (field.resolvedType) value.typeName = field.resolvedType.fullName;
}

// As protoc fills them in; map entries have them too.
function nameForJson({ field, nestedType }: IDescriptorProto): void {
  const entries = (nestedType ?? []).filter((nested) => nested.options?.mapEntry);
  for (const each of [...(field ?? []), ...entries.flatMap((entry) => entry.field ?? [])]) {
    each.jsonName = each.name?.replaceAll(/_+(.?)/gu, (_match, letter: string) => letter.toUpperCase());
  }
}

function packageOf(object: ReflectionObject): string {
  let scope = object.parent;
  while (scope instanceof protobuf.Type) scope = scope.parent;
  return scope === null ? '' : scope.fullName.slice(1);
}
