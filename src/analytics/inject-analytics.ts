import { Inject } from '@nestjs/common';

/** By which the service of a module is found that was registered with this name. */
export function analyticsToken(name: string): string {
  return `Analytics(${name})`;
}

/** Injects the `AnalyticsService` of the module that was registered with this name. */
export function InjectAnalytics(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(analyticsToken(name));
}

/** @param token of the module's service */
export function trackerToken(token: string): string {
  return `${token}.tracker`;
}
