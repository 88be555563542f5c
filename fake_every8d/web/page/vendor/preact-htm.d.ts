// What the page uses of preact-htm.js, for `tsc --checkJs`.
export function html(strings: TemplateStringsArray, ...values: any[]): any;
export function render(node: any, parent: Element | null): void;
export function useState<S>(initial: S | (() => S)): [S, (next: S | ((state: S) => S)) => void];
export function useRef<T>(initial: T): { current: T };
export function useMemo<T>(make: () => T, inputs: unknown[]): T;
export function useEffect(effect: () => void | (() => void), inputs?: unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: unknown[]): void;
